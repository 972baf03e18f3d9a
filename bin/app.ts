import { App, Errors } from 'aws-cdk-lib';
import { RefusedInput } from '../contract/problems';
import { readSettings } from '../lib/config/read';
import { DrawbridgeStack } from '../lib/stack';

const app = new App();
try {
  const settings = readSettings(app.node);
  new DrawbridgeStack(app, settings.name, { settings });
  app.synth();
} catch (error) {
  if (!(error instanceof RefusedInput) && !Errors.isValidationError(error)) throw error;
  // A sentence for people: where in this code it was noticed helps nobody.
  console.error(error.message);
  process.exit(1);
}
