import * as iam from 'aws-cdk-lib/aws-iam';
import type * as logs from 'aws-cdk-lib/aws-logs';
import { CfnDocument } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { FUNCTION_ENVIRONMENT } from '../contract/environment';
import type { AccessTarget } from './access-targets';
import { withDefaults } from './config/defaults';
import type { SettingProps } from './config/props';
import type { ControlFunction } from './control-function';
import type { Database } from './database';
import { RECORDING_ACTIONS } from './instance-blueprint';

/** 0 lets the client choose. */
const PORT_PATTERN = '^[0-9]{1,5}$';
/** Host names and addresses of either family. What is reachable the security groups decide; the agent itself refuses metadata. */
const HOST_PATTERN = '^[A-Za-z0-9][A-Za-z0-9:.-]{0,252}$';
const SSH_PORT = '22';

/** Properties of {@link SessionDocuments}. */
export interface SessionDocumentsProps extends Pick<
  SettingProps,
  'sessionIdleMinutes' | 'sessionMaxMinutes'
> {
  readonly database: Database;
  /**
   * Other machines that may be reached: a document of their own leads to them.
   *
   * @defaultValue none
   */
  readonly targets?: readonly AccessTarget[];
  /** Encrypted; what is typed and printed in shells. */
  readonly logGroup: logs.ILogGroup;
}

/** What differs between the documents. */
interface SessionContent {
  readonly description: string;
  readonly sessionType: string;
  readonly parameters?: object;
  readonly properties?: object;
  readonly inputs?: object;
}

/** The kinds of session that there are: each leads to one thing, ends when it is idle, and ends in any case. */
export class SessionDocuments extends Construct {
  /** Forwards a port to the database. */
  readonly connect: CfnDocument;
  /** Forwards a port to what the setting `accessTargets` names; undefined when it names nothing. */
  readonly forward: CfnDocument | undefined;
  /** A shell, recorded. */
  readonly shell: CfnDocument;
  /** Plain bytes to the SSH server. */
  readonly ssh: CfnDocument;
  /** Prints the SSH server's public keys. */
  readonly hostKeys: CfnDocument;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: SessionDocumentsProps,
  ) {
    super(scope, id);
    const { database, targets = [], logGroup } = props;
    this.connect = this.document('Connect', {
      description: 'Forwards a local port to the database',
      sessionType: 'Port',
      // Host and port are fixed: whoever may use this document reaches the database through the tunnel and nothing else.
      ...forwarding({}, database.host, database.port),
    });
    this.forward =
      targets.length === 0
        ? undefined
        : this.document('Forward', {
            description: 'Forwards a local port to a machine that the setting accessTargets allows',
            sessionType: 'Port',
            ...forwarding(targetParameters(targets), '{{ host }}', '{{ portNumber }}'),
          });
    this.shell = this.document('Shell', {
      description: 'A shell whose input and output are recorded',
      sessionType: 'Standard_Stream',
      inputs: {
        cloudWatchLogGroupName: logGroup.logGroupName,
        cloudWatchEncryptionEnabled: true,
        cloudWatchStreamingEnabled: true,
      },
    });
    this.ssh = this.document('Ssh', {
      description: 'Plain bytes to the SSH server',
      sessionType: 'Port',
      properties: { portNumber: SSH_PORT },
    });
    this.hostKeys = this.document('HostKeys', {
      description: "Prints the SSH server's public keys",
      sessionType: 'NonInteractiveCommands',
      properties: { linux: { commands: 'cat /etc/ssh/ssh_host_*_key.pub', runAsElevated: false } },
    });
  }

  /** Every document of a session. */
  get all(): readonly CfnDocument[] {
    const { connect, forward, shell, ssh, hostKeys } = this;
    return [connect, ...(forward === undefined ? [] : [forward]), shell, ssh, hostKeys];
  }

  /** Tells a function by which documents people come in, so that the commands it answers with are those that operators may use. */
  describeTo(teller: ControlFunction): void {
    teller.addEnvironment(FUNCTION_ENVIRONMENT.shellDocument, this.shell.ref);
    teller.addEnvironment(FUNCTION_ENVIRONMENT.connectDocument, this.connect.ref);
  }

  /** Lets the agent of an instance record shells. */
  grantRecording(grantee: iam.IGrantable): void {
    const { logGroup } = this.props;
    const allow = (sid: string, actions: string[], resource: string): void => {
      grantee.grantPrincipal.addToPrincipalPolicy(
        new iam.PolicyStatement({ sid, actions, resources: [resource] }),
      );
    };
    allow('RecordSessions', RECORDING_ACTIONS.group, logGroup.logGroupArn);
    allow('SeeEncryption', RECORDING_ACTIONS.all, '*');
  }

  private document(id: string, content: SessionContent): CfnDocument {
    const { sessionIdleMinutes, sessionMaxMinutes } = withDefaults(this.props);
    return new CfnDocument(this, id, {
      documentType: 'Session',
      documentFormat: 'JSON',
      // Without a fixed name, which would keep a second stack out. Changed content becomes another document: a session takes the
      // default version, of which CloudFormation was seen not to make the new one
      // (https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2539).
      updateMethod: 'Replace',
      content: {
        schemaVersion: '1.0',
        ...content,
        inputs: {
          ...content.inputs,
          idleSessionTimeout: sessionIdleMinutes.toString(),
          maxSessionDuration: sessionMaxMinutes.toString(),
        },
      },
    });
  }
}

const forwarding = (parameters: object, host: string, portNumber: string): object => ({
  parameters: {
    ...parameters,
    localPortNumber: {
      type: 'String',
      description: 'Port of your own machine; 0 lets the client choose a free one',
      default: '0',
      allowedPattern: PORT_PATTERN,
    },
  },
  properties: { host, portNumber, type: 'LocalPortForwarding', localPortNumber: '{{ localPortNumber }}' },
});

const targetParameters = (targets: readonly AccessTarget[]): object => ({
  host: {
    type: 'String',
    description: 'A machine in one of the ranges or security groups of accessTargets',
    allowedPattern: HOST_PATTERN,
  },
  portNumber: {
    type: 'String',
    description: 'A port of accessTargets',
    allowedValues: [...new Set(targets.map(({ port }) => port.toString()))],
  },
});
