import { z } from 'zod';
import type { LabContext } from './context';
import { onePerLab } from './one-per-lab';
import type { AwsCall, Extension, Interceptor } from './endpoint/extension';
import { AwsFault } from './endpoint/fault';

/** One order to fail calls. */
export const faultOrder = z.strictObject({
  /** Signing name of the service, for example `ec2`. */
  service: z.string(),
  operation: z.string(),
  /** Error code that the calls get, for example `InsufficientInstanceCapacity`. */
  code: z.string(),
  message: z.string().default('Injected by the lab.'),
  status: z.int().min(400).max(599).default(400),
  /** How many calls fail; default: one. */
  times: z.int().min(1).default(1),
  /** Only calls whose input has these members with these values. */
  matching: z.record(z.string(), z.string()).default({}),
});

/** See {@link faultOrder}. */
export type FaultOrder = z.infer<typeof faultOrder>;

/** Fault injection: makes the next calls of an operation fail, for tests of what cannot be had on demand. */
export class Faults {
  private readonly orders: { order: FaultOrder; left: number }[] = [];

  inject(given: z.input<typeof faultOrder>): void {
    const order = faultOrder.parse(given);
    this.orders.push({ order, left: order.times });
  }

  /** @throws AwsFault when the call is to fail */
  check(call: AwsCall): void {
    const found = this.orders.find(
      ({ order, left }) =>
        left > 0 &&
        order.service === call.service &&
        order.operation === call.operation &&
        Object.entries(order.matching).every(([name, value]) => call.input[name] === value),
    );
    if (found === undefined) return;
    found.left -= 1;
    const { code, message, status } = found.order;
    throw new AwsFault(code, message, status);
  }
}

/** The fault injection of a lab. */
export const faultsOf = onePerLab(() => new Faults());

/** Lets injected faults come before an extension's own answers. */
export function withFaults(context: LabContext, extension: Extension): Extension {
  const faults = faultsOf(context);
  const guarded = Object.entries(extension.operations).map(([operation, interceptor]) => {
    const guard: Interceptor = (call, forward) => {
      faults.check(call);
      return interceptor(call, forward);
    };
    return [operation, guard] as const;
  });
  return {
    service: extension.service,
    operations: Object.fromEntries(guarded),
    stop: () => extension.stop?.() ?? Promise.resolve(),
  };
}
