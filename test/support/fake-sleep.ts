/** `node:timers/promises` on the timers of the test, which Jest can fake. To be imported before whatever sleeps. */
jest.mock('node:timers/promises', () => jest.requireActual<object>('./sleep'));
