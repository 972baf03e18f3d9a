import { Command as Parser, CommanderError, Option } from 'commander';
import { EXIT } from '../../contract/exit-codes';
import type { Command, Context } from './command';
import { explain } from './explain';
import { Problem } from './problem';
import { Ui } from './ui';

/** Options of every command. */
interface GlobalOptions {
  readonly stack: string;
  readonly region?: string;
  readonly profile?: string;
  readonly json?: boolean;
  readonly debug?: boolean;
}

/** What the command line is given by its process. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly interrupted: AbortSignal;
  readonly inForeground: Context['inForeground'];
  readonly version: string;
  readonly vmClient: Context['vmClient'];
}

const given = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

function contextOf(options: GlobalOptions, around: Surroundings): Context {
  const { environment, stdin, stdout, stderr, interrupted, inForeground, vmClient } = around;
  return {
    ui: new Ui({ stdout, stderr, json: options.json ?? false, environment }),
    stack: options.stack,
    // The AWS CLI reads both variables, the SDK only the first (https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html).
    region: options.region ?? given(environment.AWS_REGION) ?? given(environment.AWS_DEFAULT_REGION),
    profile: options.profile ?? given(environment.AWS_PROFILE) ?? given(environment.AWS_DEFAULT_PROFILE),
    environment,
    stdin,
    stdout,
    stderr,
    interrupted,
    inForeground,
    vmClient,
  };
}

const examplesOf = ({ examples }: Command): string => {
  const width = Math.max(...examples.map(([typed]) => typed.length));
  return `\nExamples:\n${examples.map(([typed, happens]) => `  ${typed.padEnd(width)}  ${happens}`).join('\n')}`;
};

function addCommand(
  root: Parser,
  command: Command,
  behind: readonly string[],
  around: Surroundings,
  done: (code: number) => void,
): void {
  const parser = root.command(command.name).description(command.summary);
  command.configure?.(parser);
  parser
    .addHelpText('after', examplesOf(command))
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError(`\`drawbridge ${command.name} --help\` shows what is accepted.`)
    .action(async () => {
      const options = parser.optsWithGlobals<GlobalOptions>();
      const context = contextOf(options, around);
      try {
        done((await command.run(context, options as never, parser.args, behind)) ?? EXIT.ok);
      } catch (error) {
        const said = error instanceof Problem && error.exitCode === EXIT.interrupted;
        const problem =
          around.interrupted.aborted && !said
            ? new Problem(EXIT.interrupted, 'Interrupted; whatever this command had opened has been closed.')
            : explain(error, context);
        context.ui.problem(problem);
        if (options.debug === true && error instanceof Error)
          around.stderr.write(`${error.stack ?? error.message}\n`);
        done(problem.exitCode);
      }
    });
}

function rootParser(around: Surroundings): Parser {
  return new Parser('drawbridge')
    .description('Reach a private AWS database, and get its data safely out, with nothing left open.')
    .version(around.version, '--version', 'print the version')
    .addOption(
      new Option('--stack <name>', 'name of the stack (DRAWBRIDGE_STACK)').default(
        given(around.environment.DRAWBRIDGE_STACK) ?? 'drawbridge',
      ),
    )
    .option('--region <region>', 'AWS region (AWS_REGION, AWS_DEFAULT_REGION, the profile)')
    .option('--profile <profile>', 'AWS profile (AWS_PROFILE)')
    .option('--json', 'print the result, and errors, as JSON')
    .option('--debug', 'print where an error was noticed')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show help of a command')
    .showHelpAfterError('`drawbridge --help` lists the commands.')
    .configureOutput({
      writeOut: (text) => around.stdout.write(text),
      writeErr: (text) => around.stderr.write(text),
    })
    .exitOverride();
}

/**
 * Reads the words, runs the command they name.
 *
 * @param words - without the names of Node and of the program
 * @returns the exit code, see contract/exit-codes.ts
 */
export async function runProgram(
  words: readonly string[],
  commands: readonly Command[],
  around: Surroundings,
): Promise<number> {
  let code: number = EXIT.ok;
  const root = rootParser(around);
  const dashes = words.indexOf('--');
  const [ours, behind] = dashes < 0 ? [words, []] : [words.slice(0, dashes), words.slice(dashes + 1)];
  for (const command of commands) addCommand(root, command, behind, around, (ended) => (code = ended));
  try {
    await root.parseAsync([...ours], { from: 'user' });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help that was asked for and the version end here as well.
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
}
