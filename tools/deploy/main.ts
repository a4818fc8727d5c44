import { deploy } from './deploy.ts';
import { Kubectl, runnerOf } from './kubectl.ts';
import { LOOK } from './look.ts';
import { readManifests } from './manifests.ts';
import { type Settings, settingsOf } from './settings.ts';
import { undeploy } from './undeploy.ts';

/** `make deploy` and `make undeploy`: the argument is the verb. */
const say = (line: string): void => console.log(line);

const work = async (verb: string | undefined): Promise<void> => {
  const settings: Settings = settingsOf(process.env);
  const [command, ...first] = settings.kubectl;
  const kubectl = new Kubectl(runnerOf(command, first));
  const files = readManifests(settings.dist);
  if (verb === 'undeploy') return undeploy(kubectl, files, say);
  if (verb !== 'deploy') throw new Error('usage: main.ts deploy | undeploy');
  await deploy(kubectl, files, settings, say);
  say(LOOK);
};

try {
  await work(process.argv[2]);
} catch (error) {
  const { code, message, syscall = '' } = error as NodeJS.ErrnoException;
  const isMissing = code === 'ENOENT' && syscall.startsWith('spawn');
  console.error(isMissing ? `${message}: is kubectl installed? KUBECTL names another command` : message);
  process.exitCode = 1;
}
