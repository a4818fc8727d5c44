import { namespacedName } from '../api/kinds.ts';
import { Gateway, type ListenerReference } from './gateway.ts';

/** What routes and policies attach to: a whole Gateway, or one listener of it. */
export type Attachment = Gateway | ListenerReference;

/** The Gateway of an attachment. */
export const gatewayOf = (attachment: Attachment): Gateway =>
  attachment instanceof Gateway ? attachment : attachment.gateway;

/** `sectionName` of an attachment; undefined for a whole Gateway. */
export const sectionOf = (attachment: Attachment): string | undefined =>
  attachment instanceof Gateway ? undefined : attachment.listenerName;

/** What is wrong with the section that an attachment names; `role` says in the message what the attachment is for. */
export const sectionProblems = (attachment: Attachment, role: string): readonly string[] => {
  const section = sectionOf(attachment);
  const gateway = gatewayOf(attachment);
  const names = gateway.listeners.map(({ name }) => name);
  if (section === undefined || names.includes(section)) return [];
  return [
    `${role}: Gateway ${namespacedName(gateway)} has no listener ${JSON.stringify(section)}: ` +
      `add it with addListener, or use one of ${names.join(', ') || '(none yet)'}`,
  ];
};
