import type { Command } from '../framework/command';
import { port } from '../framework/words';

const MARKS = { ok: '✓', broken: '✗', skipped: '-' } as const;
const STYLES = { ok: 'green', broken: 'red', skipped: 'dim' } as const;

/** `drawbridge doctor` */
export const doctor: Command<{ readonly localPort: number }> = {
  name: 'doctor',
  summary: 'look at everything between here and the database, and say what to do',
  examples: [
    ['drawbridge doctor', 'credentials, region, clock, stack, permissions, port, agent, tunnel'],
    ['drawbridge doctor --local-port 5432', 'whether that port is free'],
  ],
  configure: (parser) => {
    parser.option('--local-port <port>', 'the port that you mean to use', port, 0);
  },
  run: async (context, { localPort }) => {
    const { examine, exitCodeOf } = await import('../doctor/doctor');
    const { ui } = context;
    const findings = await examine(context, localPort);
    const lines = findings.flatMap(({ check, status, message, next }) => [
      `${ui.styled(STYLES[status], MARKS[status])} ${check}: ${message}`,
      ...(next === undefined ? [] : [`  ${next}`]),
    ]);
    ui.result(findings, lines.join('\n'));
    return exitCodeOf(findings);
  },
};
