/**
 * `npm test`: every check there is, one closing line.
 *
 * The suites that need real parts are left out, with one line that says what to install, where a part is missing; in CI a
 * missing part is a failure.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { provideParts } from '../lab/parts';

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

/** Quickest first: they run one by one, beside the suites, which mostly wait. */
const CHECKS: readonly (readonly [name: string, command: readonly string[]])[] = [
  ['unused code', ['knip']],
  ['formatting', ['prettier', '--check', '--log-level', 'warn', '.']],
  ['types, lint and walls', ['oxlint', '-c', 'oxlint.config.mjs']],
];

/** Runs a program of the project; resolves to its exit code and, unless it is shown as it comes, its output. */
function run(command: readonly string[], output: 'shown' | 'kept'): Promise<{ code: number; text: string }> {
  const [program = '', ...args] = command;
  const stdio = output === 'shown' ? 'inherit' : 'pipe';
  return new Promise((resolve, reject) => {
    const child = spawn(join('node_modules', '.bin', program), args, { stdio: ['ignore', stdio, stdio] });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
    }
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code: code ?? 1, text });
    });
  });
}

async function check(name: string, command: readonly string[], tally: Tally): Promise<void> {
  const started = Date.now();
  const { code, text } = await run(command, 'kept');
  if (code === 0) tally.passed += 1;
  else tally.failed += 1;
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)${code === 0 ? '' : `\n${text}`}`);
}

/** The figures of a Jest result file that are counted. */
interface JestSummary {
  numPassedTests: number;
  numFailedTests: number;
  numFailedTestSuites: number;
  numPendingTests: number;
}

async function jest(projects: readonly string[], directory: string, tally: Tally): Promise<void> {
  const outputFile = join(directory, 'jest.json');
  const { code } = await run(
    ['jest', '--selectProjects', ...projects, '--json', '--outputFile', outputFile],
    'shown',
  );
  const summary = JSON.parse(readFileSync(outputFile, 'utf8')) as JestSummary;
  tally.passed += summary.numPassedTests;
  // A suite that could not even start has no failed test of its own, and must count all the same.
  const failed = Math.max(summary.numFailedTests, summary.numFailedTestSuites, code === 0 ? 0 : 1);
  tally.failed += failed;
  tally.skipped += summary.numPendingTests;
  if (process.env.CI !== undefined && summary.numPendingTests > 0) {
    console.log('FAILED: a skipped test counts as a failure in CI.');
    tally.failed += summary.numPendingTests;
  }
}

async function checkAll(tally: Tally): Promise<void> {
  for (const [name, command] of CHECKS) await check(name, command, tally);
}

async function testAll(directory: string, tally: Tally): Promise<void> {
  const missing = provideParts(console.log, 'tests');
  if (missing.length === 0) return jest(['unit', 'lab'], directory, tally);
  console.log(missing.join('\n'));
  if (process.env.CI !== undefined) tally.failed += 1;
  else tally.skipped += 1;
  console.log('The suites that need them are left out; the rest runs.');
  return jest(['unit'], directory, tally);
}

async function main(): Promise<void> {
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
  const directory = mkdtempSync(join(tmpdir(), 'drawbridge-test-'));
  try {
    await Promise.all([testAll(directory, tally), checkAll(tally)]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  const skipped = tally.skipped === 0 ? '' : `, ${tally.skipped} skipped`;
  console.log(`${tally.passed} passed, ${tally.failed} failed${skipped}`);
  process.exitCode = tally.failed === 0 ? 0 : 1;
}

void main();
