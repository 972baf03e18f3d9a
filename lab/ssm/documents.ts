import { GetDocumentCommand, SSMClient } from '@aws-sdk/client-ssm';
import { z } from 'zod';
import { emulatorAccess } from '../clients';
import type { LabContext } from '../context';
import { AwsFault } from '../endpoint/fault';

const parameter = z.object({
  type: z.string(),
  default: z.union([z.string(), z.array(z.string())]).optional(),
  allowedPattern: z.string().optional(),
  allowedValues: z.array(z.string()).optional(),
  maxChars: z.coerce.number().optional(),
  minChars: z.coerce.number().optional(),
  interpolationType: z.enum(['ENV_VAR']).optional(),
});

const step = z.object({
  action: z.string(),
  name: z.string(),
  precondition: z.object({ StringEquals: z.array(z.string()) }).optional(),
  inputs: z.record(z.string(), z.unknown()).default({}),
});

const content = z.object({
  schemaVersion: z.string(),
  parameters: z.record(z.string(), parameter).default({}),
  mainSteps: z.array(step).default([]),
  sessionType: z.string().optional(),
  inputs: z.record(z.string(), z.unknown()).default({}),
  properties: z.unknown().optional(),
});

/** One parameter of a document. */
export type DocumentParameter = z.infer<typeof parameter>;
/** One step of a command document. */
export type DocumentStep = z.infer<typeof step>;
/** What a document says. */
export type DocumentContent = z.infer<typeof content>;

/** A document that exists. */
export interface SsmDocument {
  readonly name: string;
  readonly version: string;
  readonly type: string;
  readonly content: DocumentContent;
}

const port = { type: 'String', allowedPattern: '^([1-9]|[1-9][0-9]{1,3}|[1-5][0-9]{4}|6[0-5][0-9]{3})$' };

/**
 * Documents that AWS owns, as far as they say what to do on Linux.
 * Source: https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-sessions-start.html and
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/documents.html.
 */
const OWNED_BY_AWS: Readonly<Record<string, { readonly type: string; readonly content: unknown }>> = {
  'AWS-RunShellScript': {
    type: 'Command',
    content: {
      schemaVersion: '2.2',
      parameters: {
        commands: { type: 'StringList' },
        workingDirectory: { type: 'String', default: '', maxChars: 4096 },
        executionTimeout: {
          type: 'String',
          default: '3600',
          allowedPattern: '([1-9][0-9]{0,4})|(1[0-6][0-9]{4})|(17[0-1][0-9]{3})|(172[0-7][0-9]{2})|(172800)',
        },
      },
      mainSteps: [
        {
          action: 'aws:runShellScript',
          name: 'runShellScript',
          inputs: {
            runCommand: '{{ commands }}',
            workingDirectory: '{{ workingDirectory }}',
            timeoutSeconds: '{{ executionTimeout }}',
          },
        },
      ],
    },
  },
  'AWS-StartSSHSession': {
    type: 'Session',
    content: {
      schemaVersion: '1.0',
      sessionType: 'Port',
      parameters: { portNumber: { ...port, default: '22' } },
      properties: { portNumber: '{{ portNumber }}' },
    },
  },
  'AWS-StartPortForwardingSession': {
    type: 'Session',
    content: {
      schemaVersion: '1.0',
      sessionType: 'Port',
      parameters: {
        portNumber: { ...port, default: '80' },
        localPortNumber: { ...port, allowedPattern: '^(0|[1-9][0-9]{0,4})$', default: '0' },
      },
      properties: {
        portNumber: '{{ portNumber }}',
        type: 'LocalPortForwarding',
        localPortNumber: '{{ localPortNumber }}',
      },
    },
  },
  'AWS-StartPortForwardingSessionToRemoteHost': {
    type: 'Session',
    content: {
      schemaVersion: '1.0',
      sessionType: 'Port',
      parameters: {
        host: { type: 'String', default: 'localhost', allowedPattern: '^[^,$^&()!;\'"<>`{}\\[\\]|#=]{3,}$' },
        portNumber: { ...port, default: '80' },
        localPortNumber: { ...port, allowedPattern: '^(0|[1-9][0-9]{0,4})$', default: '0' },
      },
      properties: {
        host: '{{ host }}',
        portNumber: '{{ portNumber }}',
        type: 'LocalPortForwarding',
        localPortNumber: '{{ localPortNumber }}',
      },
    },
  },
  'SSM-SessionManagerRunShell': {
    type: 'Session',
    content: { schemaVersion: '1.0', sessionType: 'Standard_Stream', inputs: {} },
  },
};

const missing = (name: string): AwsFault =>
  new AwsFault('InvalidDocument', `Document with name ${name} does not exist.`);

/** Finds documents: those that were created, and those that AWS owns. */
export class Documents {
  constructor(private readonly context: LabContext) {}

  /**
   * @param name - name or ARN
   * @param version - number, `$LATEST` or `$DEFAULT`
   * @throws AwsFault `InvalidDocument` when there is none, or it is of another type or cannot be read
   */
  async get(
    region: string,
    name: string,
    version: string | undefined,
    type: 'Command' | 'Session',
  ): Promise<SsmDocument> {
    const plain = name.split('/').at(-1) ?? name;
    const found = await this.find(region, plain, version);
    if (found.type !== type) {
      throw new AwsFault(
        'InvalidDocument',
        `Document ${plain} is of type ${found.type}; ${type} is needed here.`,
      );
    }
    return found;
  }

  private async find(region: string, name: string, version: string | undefined): Promise<SsmDocument> {
    const owned = OWNED_BY_AWS[name];
    if (owned !== undefined) {
      return { name, version: '1', type: owned.type, content: content.parse(owned.content) };
    }
    // The emulator's GetDocument knows the default version by leaving the version out.
    const DocumentVersion = version === '$DEFAULT' ? undefined : version;
    const ssm = new SSMClient(emulatorAccess(this.context, region));
    try {
      const answer = await ssm.send(
        new GetDocumentCommand({ Name: name, DocumentVersion, DocumentFormat: 'JSON' }),
      );
      const parsed = content.safeParse(JSON.parse(answer.Content ?? '{}'));
      if (!parsed.success) {
        throw new AwsFault(
          'InvalidDocument',
          `The lab cannot read document ${name}: ${parsed.error.message}`,
        );
      }
      return {
        name,
        version: answer.DocumentVersion ?? '1',
        type: answer.DocumentType ?? '',
        content: parsed.data,
      };
    } catch (error) {
      if (error instanceof AwsFault) throw error;
      if (error instanceof Error && error.name === 'InvalidDocument') throw missing(name);
      throw error;
    } finally {
      ssm.destroy();
    }
  }
}
