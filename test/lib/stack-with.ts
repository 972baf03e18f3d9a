import { App } from 'aws-cdk-lib';
import { context } from '../../cdk.json';
import { readSettings } from '../../lib/config/read';
import { DrawbridgeStack } from '../../lib/stack';

/** The app's stack with some settings. Feature flags are those of cdk.json; nothing is bundled. */
export function stackWith(settings: object = {}): DrawbridgeStack {
  const app = new App({ context: { ...context, drawbridge: settings, 'aws:cdk:bundling-stacks': [] } });
  const read = readSettings(app.node);
  return new DrawbridgeStack(app, read.name, { settings: read });
}
