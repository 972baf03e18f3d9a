import { read, refusal } from './settings';

describe('settings of what is watched', () => {
  test.each([
    ['cron(0 3 ? * SUN *)', 'proofMaxAgeHours', 'runMaxGapHours'],
    ['cron(0 3 1 * ? *)', 'proofMaxAgeHours', 'runMaxGapHours'],
    ['rate(2 days)', 'proofMaxAgeHours', 'runMaxGapHours'],
    ['rate(25 hours)', 'proofMaxAgeHours', 'runMaxGapHours'],
  ])('with %s must say from when on a backup is missing', (schedule, ...settings) => {
    const message = refusal({ schedule });
    for (const name of settings)
      expect(message).toContain(`- ${name}: is needed with a schedule that does not run`);
    expect(read({ schedule, proofMaxAgeHours: '180', runMaxGapHours: '0' })).toMatchObject({
      proofMaxAgeHours: 180,
      runMaxGapHours: 0,
    });
  });

  test.each([
    'cron(0 3 * * ? *)',
    'cron(0/15 8-18 ? * * *)',
    'rate(1 day)',
    'rate(24 hours)',
    'rate(90 minutes)',
  ])('with %s a day and a half is too long', (schedule) => {
    expect(read({ schedule })).toMatchObject({ proofMaxAgeHours: 36, runMaxGapHours: 26 });
  });

  test('with MySQL no age of a proof is watched, since there is none', () => {
    expect(read({ engine: 'mysql' })).toMatchObject({ proofMaxAgeHours: 0 });
    expect(refusal({ engine: 'mysql', proofMaxAgeHours: '36' })).toContain(
      '- proofMaxAgeHours: must not be given',
    );
  });
});
