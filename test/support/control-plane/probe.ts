import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';

const TIMEOUT = 2_000;

/** Whether a URL answers 200. */
export const answers = (url: string, ca?: string): Promise<boolean> =>
  new Promise((resolve) => {
    const get = url.startsWith('https:') ? getHttps : getHttp;
    const request = get(url, { agent: false, timeout: TIMEOUT, ...(ca !== undefined && { ca }) }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
