import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ACCOUNT, REGION } from '../environment';
import type { HostPostgres } from '../parts';
import type { RunningLab } from '../start';
import { cdk } from './cdk';
import { type Outputs, readOutputs } from './outputs';
import type { Progress } from './timeline';

/** The app's stack in a lab: `cdk bootstrap`, `cdk deploy`, `cdk destroy`, as a user types them. */
export class Stack {
  private readonly outputsFile: string;
  private readonly settings: readonly string[];

  /** @param postgres - the PostgreSQL of this machine; the database is deployed with its major version */
  constructor(
    private readonly lab: RunningLab,
    postgres: HostPostgres,
  ) {
    this.outputsFile = join(lab.directory, 'outputs.json');
    this.settings = [
      ...['-c', `engineVersion=${postgres.major}`],
      ...['-c', `databaseCa=${join(lab.directory, 'rds-ca.pem')}`],
      ...['--output', join(lab.directory, 'cdk.out')],
    ];
  }

  /** Once per account and region. Where there is no app, so that none is synthesized only to learn the region. */
  bootstrap(progress: Progress): Promise<void> {
    const environment = `aws://${ACCOUNT}/${REGION}`;
    return cdk(['bootstrap', environment], this.lab, progress, this.lab.directory);
  }

  /** Deploys and reads the outputs. */
  async deploy(progress: Progress): Promise<Outputs> {
    await this.cdk(progress, 'deploy', '--require-approval', 'never', '--outputs-file', this.outputsFile);
    return readOutputs(readFileSync(this.outputsFile, 'utf8'));
  }

  destroy(progress: Progress): Promise<void> {
    return this.cdk(progress, 'destroy', '--force');
  }

  private cdk(progress: Progress, ...args: readonly string[]): Promise<void> {
    return cdk([...args, ...this.settings], this.lab, progress);
  }
}
