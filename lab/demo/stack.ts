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
  private readonly assembly: string;
  private readonly settings: readonly string[];

  /**
   * @param postgres - the PostgreSQL of this machine; the database is deployed with its major version
   * @param given - further words for `cdk deploy` and `cdk destroy`, such as `-c egress=endpoints`, which win
   */
  constructor(
    private readonly lab: RunningLab,
    postgres: HostPostgres,
    given: readonly string[] = [],
  ) {
    this.outputsFile = join(lab.directory, 'outputs.json');
    this.assembly = join(lab.directory, 'cdk.out');
    const otherEngine = given.some((word) => /^(-c=?)?engine(Version)?=/.test(word));
    this.settings = [
      ...(otherEngine ? [] : ['-c', `engineVersion=${postgres.major}`]),
      ...['-c', `databaseCa=${join(lab.directory, 'rds-ca.pem')}`],
      ...given,
    ];
  }

  /** Once per account and region. Where there is no app, so that none is synthesized only to learn the region. */
  bootstrap(progress: Progress): Promise<void> {
    const environment = `aws://${ACCOUNT}/${REGION}`;
    return cdk(['bootstrap', environment], this.lab, progress, this.lab.directory);
  }

  /** Deploys and reads the outputs. */
  async deploy(progress: Progress): Promise<Outputs> {
    return readOutputs(await this.deployed(progress));
  }

  /** Deploys; the text of the file of outputs. */
  async deployed(progress: Progress): Promise<string> {
    const files = ['--output', this.assembly, '--outputs-file', this.outputsFile];
    await this.cdk(progress, 'deploy', '--require-approval', 'never', ...files);
    return readFileSync(this.outputsFile, 'utf8');
  }

  /** Destroys what was deployed last; it was synthesized then. */
  destroy(progress: Progress): Promise<void> {
    return this.cdk(progress, 'destroy', '--force', '--app', this.assembly);
  }

  private cdk(progress: Progress, ...args: readonly string[]): Promise<void> {
    return cdk([...args, ...this.settings], this.lab, progress);
  }
}
