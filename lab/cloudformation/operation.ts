import { reversed, runInOrder, type Dependencies } from './graph';
import { planOf, type Plan } from './planning';
import { reasonOf, ResourceWork, type Deed } from './resource-work';
import { evaluateOutputs, evaluateProperties } from './scope';
import type { Services } from './services';
import type { Output, ResourceRecord, Stack, Target } from './stack';
import { TemplateError } from './values';

/** What becomes of a stack whose creation fails. */
export type OnCreateFailure = 'ROLLBACK' | 'DO_NOTHING' | 'DELETE';

function dependenciesAmong(records: readonly ResourceRecord[]): Dependencies {
  const ids = new Set(records.map(({ logicalId }) => logicalId));
  return new Map(
    records.map(({ logicalId, dependsOn }) => [logicalId, new Set(dependsOn.filter((id) => ids.has(id)))]),
  );
}

/** One operation on one stack: creating, updating or deleting it, and rolling back what fails. */
export class Operation {
  constructor(
    private readonly stack: Stack,
    private readonly services: Services,
  ) {}

  /** Creates everything that the target says. */
  async create(target: Target, onFailure: OnCreateFailure): Promise<void> {
    const { stack } = this;
    stack.target = target;
    stack.move('CREATE_IN_PROGRESS', 'User Initiated');
    const work = new ResourceWork(stack, this.services, target);
    const problem = await this.applyAll(target, work);
    if (problem === undefined) {
      stack.move('CREATE_COMPLETE');
      return;
    }
    if (onFailure === 'DO_NOTHING') stack.move('CREATE_FAILED', problem);
    else if (onFailure === 'DELETE') await this.delete([], problem);
    else await this.rollBackCreation(work, problem);
  }

  /** Moves the stack to the target; what fails takes it back to where it was. */
  async update(target: Target, disableRollback: boolean): Promise<void> {
    const { stack } = this;
    const before = { target: stack.target, outputs: stack.outputs, imports: new Set(stack.imports) };
    stack.target = target;
    stack.updatedAt = new Date();
    stack.imports.clear();
    stack.move('UPDATE_IN_PROGRESS', 'User Initiated');
    const work = new ResourceWork(stack, this.services, target);
    const problem = await this.applyAll(target, work);
    if (problem !== undefined && disableRollback) {
      stack.move('UPDATE_FAILED', problem);
      return;
    }
    if (problem !== undefined) {
      await this.rollBackUpdate(work, before, problem);
      return;
    }
    stack.move('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS');
    await this.cleanUp(work, await planOf(target, stack, this.services));
    stack.move('UPDATE_COMPLETE');
  }

  /** Deletes everything, what was made last first. */
  async delete(retain: readonly string[], reason = 'User Initiated'): Promise<void> {
    const { stack } = this;
    stack.move('DELETE_IN_PROGRESS', reason);
    for (const id of retain) stack.resources.delete(id);
    const target = stack.target;
    const records = [...stack.resources.values()];
    const failed =
      target === undefined
        ? []
        : await this.removeAll(records, new ResourceWork(stack, this.services, target), 'delete');
    if (failed.length > 0) {
      stack.move('DELETE_FAILED', `The following resource(s) failed to delete: [${failed.join(', ')}].`);
      return;
    }
    stack.outputs = [];
    stack.imports.clear();
    stack.deletedAt = new Date();
    stack.move('DELETE_COMPLETE');
  }

  /** Applies every resource, then the outputs. Undefined, or the reason of the failure. */
  private async applyAll(target: Target, work: ResourceWork): Promise<string | undefined> {
    const { stack } = this;
    try {
      const plan = await planOf(target, stack, this.services);
      const failures = await runInOrder(plan.dependencies, (id) => this.applyOne(id, plan, work), 'stop');
      if (failures.size > 0) {
        const verb = stack.status.startsWith('CREATE') ? 'create' : 'update';
        return `The following resource(s) failed to ${verb}: [${[...failures.keys()].join(', ')}].`;
      }
      await work.refresh(stack.resources.keys());
      stack.outputs = this.checkExports(evaluateOutputs(target.template, plan.scope));
      return undefined;
    } catch (error) {
      return reasonOf(error);
    }
  }

  private async applyOne(id: string, plan: Plan, work: ResourceWork): Promise<void> {
    const definition = plan.active.get(id);
    if (definition === undefined) throw new Error(`There is no resource ${id}.`);
    const dependsOn = [...(plan.dependencies.get(id) ?? [])];
    let properties;
    try {
      await work.refresh(dependsOn);
      properties = evaluateProperties(definition, plan.scope);
    } catch (error) {
      const physicalId = this.stack.resources.get(id)?.physicalId ?? '';
      const status = physicalId === '' ? 'CREATE_FAILED' : 'UPDATE_FAILED';
      this.stack.tell({ logicalId: id, physicalId, type: definition.type, status, reason: reasonOf(error) });
      throw error;
    }
    await work.apply(definition, properties, dependsOn);
  }

  private checkExports(outputs: readonly Output[]): readonly Output[] {
    const others = this.services.stacks().filter((other) => other !== this.stack);
    for (const { exportName } of outputs) {
      const owner = others.find((other) => other.outputs.some((output) => output.exportName === exportName));
      if (exportName !== undefined && owner !== undefined)
        throw new TemplateError(`Export with name ${exportName} is already exported by stack ${owner.name}.`);
    }
    return outputs;
  }

  /** Removes records in reverse order of their dependencies; returns the logical ids that stayed. */
  private async removeAll(
    records: readonly ResourceRecord[],
    work: ResourceWork,
    context: 'delete' | 'rollback',
  ): Promise<string[]> {
    const byId = new Map(records.map((record) => [record.logicalId, record]));
    const remove = async (id: string): Promise<void> => {
      const record = byId.get(id);
      if (record === undefined) return;
      try {
        await work.remove(record, context);
        this.stack.resources.delete(id);
      } catch (error) {
        this.stack.keep(record, 'DELETE_FAILED', reasonOf(error));
        throw error;
      }
    };
    const failures = await runInOrder(reversed(dependenciesAmong(records)), remove, 'continue');
    return [...failures.keys()];
  }

  private async rollBackCreation(work: ResourceWork, problem: string): Promise<void> {
    const { stack } = this;
    stack.move('ROLLBACK_IN_PROGRESS', `${problem} Rollback requested by user.`);
    stack.outputs = [];
    const failed = await this.removeAll([...stack.resources.values()], work, 'rollback');
    if (failed.length > 0)
      stack.move('ROLLBACK_FAILED', `The following resource(s) failed to delete: [${failed.join(', ')}].`);
    else stack.move('ROLLBACK_COMPLETE');
  }

  private async rollBackUpdate(
    work: ResourceWork,
    before: { target: Target | undefined; outputs: readonly Output[]; imports: Set<string> },
    problem: string,
  ): Promise<void> {
    const { stack } = this;
    stack.move('UPDATE_ROLLBACK_IN_PROGRESS', problem);
    const failed: string[] = [];
    for (const deed of [...work.deeds].reverse()) {
      await work.undo(deed).catch((error: unknown) => {
        failed.push(deed.after.logicalId);
        stack.tellOf(deed.after, 'UPDATE_FAILED', reasonOf(error));
      });
    }
    stack.target = before.target;
    stack.outputs = before.outputs;
    stack.imports = before.imports;
    if (failed.length > 0) {
      stack.move(
        'UPDATE_ROLLBACK_FAILED',
        `The following resource(s) failed to roll back: [${failed.join(', ')}].`,
      );
      return;
    }
    stack.move('UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS');
    stack.move('UPDATE_ROLLBACK_COMPLETE');
  }

  /** After an update: what was replaced and what left the template goes, dependants first. Failures are told, not fatal. */
  private async cleanUp(work: ResourceWork, plan: Plan): Promise<void> {
    const replaced = work.deeds.filter(
      (deed): deed is Extract<Deed, { kind: 'replaced' }> => deed.kind === 'replaced',
    );
    const olds = new Map(replaced.map(({ before }) => [before.logicalId, before]));
    const gone = [...this.stack.resources.values()].filter(({ logicalId }) => !plan.active.has(logicalId));
    for (const record of gone) this.stack.resources.delete(record.logicalId);
    const leaving = [...olds.values(), ...gone];
    await runInOrder(
      reversed(dependenciesAmong(leaving)),
      async (id) => {
        const record = leaving.find(({ logicalId }) => logicalId === id);
        if (record === undefined) return;
        await work.remove(record, olds.has(id) ? 'replaced' : 'delete').catch((error: unknown) => {
          this.stack.tellOf(record, 'DELETE_FAILED', reasonOf(error));
          throw error;
        });
      },
      'continue',
    );
  }
}
