import { App } from 'aws-cdk-lib';
import { type Existing, JumpboxStack } from '../stack';

const app = new App();
/** As `cdk.json` or `-c` gives it; `-c` hands over text, lists with commas. */
const given = (key: string): string => String(app.node.getContext(key));
const existing: Existing = {
  vpcId: given('vpcId'),
  subnetIds: given('subnetIds').split(','),
  databaseSecurityGroupId: given('databaseSecurityGroupId'),
  databaseHost: given('databaseHost'),
  databasePort: Number(given('databasePort')),
};
new JumpboxStack(app, 'orders-jumpbox', existing);
app.synth();
