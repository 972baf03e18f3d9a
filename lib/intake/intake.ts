import { CfnOutput } from 'aws-cdk-lib';
import { CfnDocument } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { OUTPUTS } from '../../contract/outputs';
import type { IntakeSourceSettings } from '../config/settings/intake';
import { IntakeSource, type IntakeSourceProps } from './source';

/** Properties of {@link Intake}. */
export interface IntakeProps extends Omit<IntakeSourceProps, 'source' | 'document'> {
  /** One at least. */
  readonly intakeSources: readonly IntakeSourceSettings[];
}

/** The way by which files of other machines reach the bucket: one source beside the other. */
export class Intake extends Construct {
  readonly sources: readonly IntakeSource[];

  constructor(scope: Construct, id: string, { intakeSources, ...props }: IntakeProps) {
    super(scope, id);
    const session = new CfnDocument(this, 'Session', {
      documentType: 'Session',
      documentFormat: 'JSON',
      updateMethod: 'NewVersion',
      content: SESSION,
    });
    this.sources = intakeSources.map(
      (source) => new IntakeSource(this, source.name, { ...props, source, document: session.ref }),
    );
    new CfnOutput(this, 'DocumentName', {
      value: session.ref,
      description: 'SSM session document: the SSH server of an intake box, for a ProxyCommand',
    }).overrideLogicalId(OUTPUTS.intakeDocument);
  }
}

/** Like AWS-StartSSHSession, but for the port, which is fixed: whoever may use it reaches nothing else on the box. */
const SESSION = {
  schemaVersion: '1.0',
  description: "Carries SSH to the box's own SSH server",
  sessionType: 'Port',
  properties: { portNumber: '22' },
};
