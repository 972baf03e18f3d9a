import { EXIT } from '../../contract/exit-codes';
import { setMariadbStage, setStage } from '../support/stage';
import { backupsIn, readManifestAt } from './support';

test('PostgreSQL: the tables are there without rows, the manifest says so, the proof knows it', async () => {
  const stage = await setStage(200);
  try {
    stage.cluster.psql(`
      CREATE TABLE shop."log ""2026"".*" (at text);
      INSERT INTO shop."log ""2026"".*" SELECT 'gone' FROM generate_series(1, 1000);
      CREATE TABLE shop.kept (at text); INSERT INTO shop.kept VALUES ('here')`);
    const { code, result } = await stage.box(['backup'], { DRAWBRIDGE_LEAVE_OUT_ROWS: 'shop.log *' }).end;
    expect(code).toBe(EXIT.ok);
    const manifest = await readManifestAt(stage, String(result.prefix));
    const table = { schema: 'shop', table: 'log "2026".*' };
    expect(manifest.rowsLeftOut).toEqual([table]);
    expect(manifest.leftOut).toContain('rows, by the setting leaveOutRows: "shop"."log ""2026"".*"');
    expect(manifest.tables).not.toContainEqual(expect.objectContaining(table));
    expect(manifest.tables).toContainEqual({ schema: 'shop', table: 'kept', rows: 1 });
    const proof = await stage.box(['prove']).end;
    expect([proof.code, proof.result.outcome, proof.result.differences]).toEqual([EXIT.ok, 'proven', []]);
    const restored = await stage.box(['restore', '--prefix', String(result.prefix), '--into', 'fresh']).end;
    expect([restored.code, restored.stderr]).toEqual([EXIT.ok, expect.anything()]);
    expect(stage.cluster.psql(`SELECT count(*) FROM shop."log ""2026"".*"`, 'master', 'fresh')).toBe('0');

    const [before, refused] = [
      await backupsIn(stage),
      await stage.box(['backup'], { DRAWBRIDGE_LEAVE_OUT_ROWS: '*.customer' }).end,
    ];
    expect(refused.code).toBe(EXIT.usage);
    expect(refused.stderr).toMatch(/- "shop"\."\w+" refers to "shop"\."customer"/);
    expect(await backupsIn(stage)).toEqual(before);
  } finally {
    await stage.stop();
  }
});

test('MariaDB: the same', async () => {
  const stage = await setMariadbStage(200);
  try {
    const patterns = { DRAWBRIDGE_LEAVE_OUT_ROWS: '*.*log*' };
    const { code, result } = await stage.box(['backup'], patterns).end;
    expect(code).toBe(EXIT.ok);
    const manifest = await readManifestAt(stage, String(result.prefix));
    const table = { schema: stage.cluster.database, table: 'log_without_key' };
    expect(manifest.rowsLeftOut).toEqual([table]);
    expect(manifest.tables).toContainEqual({ ...table, rows: 0 });
    const proof = await stage.box(['prove']).end;
    expect([proof.code, proof.result.outcome, proof.stderr]).toEqual([EXIT.ok, 'proven', proof.stderr]);
    const restored = await stage.box(['restore', '--prefix', String(result.prefix), '--into', 'fresh']).end;
    expect(restored.code).toBe(EXIT.ok);
    const refused = await stage.box(['backup'], { DRAWBRIDGE_LEAVE_OUT_ROWS: '*.product' }).end;
    expect(refused.code).toBe(EXIT.usage);
    expect(refused.stderr).toContain('"line" refers to');
  } finally {
    await stage.stop();
  }
});
