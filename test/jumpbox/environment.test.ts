import { EXIT } from '../../contract/exit-codes';
import { readEnvironment } from '../../jumpbox/environment';
import { Stop } from '../../jumpbox/stop';

const GOOD = {
  AWS_REGION: 'eu-central-1',
  DRAWBRIDGE_BUCKET: 'bucket',
  DRAWBRIDGE_ENGINE: 'postgres',
  DRAWBRIDGE_DATABASE_HOST: 'db.example.org',
  DRAWBRIDGE_DATABASE_PORT: '5432',
  DRAWBRIDGE_DATABASE_NAME: 'app',
  DRAWBRIDGE_DATABASE_SECRET_ARN: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:x',
  DRAWBRIDGE_SCRATCH_DIRECTORY: '/var/lib/drawbridge',
  DRAWBRIDGE_ZSTD_LEVEL: '3',
  DRAWBRIDGE_KEY_DIRECTORY: '/run/drawbridge',
};

const refusal = (environment: NodeJS.ProcessEnv): Stop => {
  try {
    readEnvironment(environment);
  } catch (error) {
    if (error instanceof Stop) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

describe('the environment of the box', () => {
  it('is read into settings that cannot be changed', () => {
    const settings = readEnvironment(GOOD);
    expect(settings).toMatchObject({ databasePort: 5432, zstdLevel: 3, databaseCa: undefined });
    expect(Object.isFrozen(settings)).toBe(true);
  });

  it('takes an empty file of authorities for none', () => {
    expect(readEnvironment({ ...GOOD, DRAWBRIDGE_DATABASE_CA: '' }).databaseCa).toBeUndefined();
    expect(readEnvironment({ ...GOOD, DRAWBRIDGE_DATABASE_CA: '/ca.pem' }).databaseCa).toBe('/ca.pem');
  });

  it('is refused with every problem at once', () => {
    const stop = refusal({
      ...GOOD,
      AWS_REGION: undefined,
      DRAWBRIDGE_DATABASE_PORT: '70000',
      DRAWBRIDGE_ZSTD_LEVEL: 'fast',
      DRAWBRIDGE_SCRATCH_DIRECTORY: 'tmp',
    });
    expect(stop.exit).toBe(EXIT.usage);
    expect(stop.message).toContain('- AWS_REGION is missing');
    expect(stop.message).toContain('- DRAWBRIDGE_DATABASE_PORT ');
    expect(stop.message).toContain('- DRAWBRIDGE_ZSTD_LEVEL must be a whole number');
    expect(stop.message).toContain('- DRAWBRIDGE_SCRATCH_DIRECTORY must be an absolute path');
    expect(stop.message.match(/^- /gm)).toHaveLength(4);
  });
});
