/** What `lib/index.ts` exports, as its sources say it: everything documented, every property that may be left out with its default. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ts from 'typescript';
import { SETTING_NAMES } from '../../lib/config/schema';

const LIB = join(__dirname, '..', '..', 'lib');

const sourceOf = (name: string): ts.SourceFile => {
  const file = join(LIB, `${name}.ts`);
  return ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
};

const docOf = (node: ts.Node): string =>
  ts
    .getJSDocCommentsAndTags(node)
    .map((one) => one.getText())
    .join('\n');

/** Everything that is exported, where it is declared. */
const exported = sourceOf('index').statements.flatMap((statement) => {
  if (!ts.isExportDeclaration(statement) || statement.moduleSpecifier === undefined) return [];
  if (statement.exportClause === undefined || !ts.isNamedExports(statement.exportClause)) return [];
  const names = statement.exportClause.elements.map(({ name }) => name.text);
  const module = (statement.moduleSpecifier as ts.StringLiteral).text.slice('./'.length);
  const declared = sourceOf(module).statements.filter(
    (
      one,
    ): one is
      ts.ClassDeclaration | ts.InterfaceDeclaration | ts.FunctionDeclaration | ts.TypeAliasDeclaration =>
      ts.isClassDeclaration(one) ||
      ts.isInterfaceDeclaration(one) ||
      ts.isFunctionDeclaration(one) ||
      ts.isTypeAliasDeclaration(one),
  );
  return names.flatMap((name) => {
    const found = declared.find((one) => one.name?.text === name);
    return found === undefined ? [] : [{ name, found }];
  });
});

const interfaces = exported.flatMap(({ name, found }) =>
  ts.isInterfaceDeclaration(found) ? [{ name, found }] : [],
);

test('everything was found', () => {
  expect(exported.length).toBeGreaterThan(50);
  for (const name of ['EphemeralJumpbox', 'WorkflowProps', 'SettingProps'])
    expect(exported.map((one) => one.name)).toContain(name);
});

test('everything says what it is', () => {
  expect(exported.filter(({ found }) => docOf(found) === '').map(({ name }) => name)).toEqual([]);
});

test('every property that may be left out says what it then is', () => {
  const silent = interfaces.flatMap(({ name, found }) =>
    found.members
      .filter((member) => member.questionToken !== undefined && !docOf(member).includes('@defaultValue'))
      .map((member) => `${name}.${member.name?.getText() ?? ''}`),
  );
  expect(silent).toEqual([]);
});

test('properties that are settings are taken from their documented list, where all may be left out', () => {
  const undocumented = interfaces.filter(({ found }) =>
    found.heritageClauses?.some((clause) => /\bPick<\s*Settings\b/.test(clause.getText())),
  );
  expect(undocumented.map(({ name }) => name)).toEqual([]);
  const list = interfaces.find(({ name }) => name === 'SettingProps')?.found.members ?? [];
  for (const member of list) {
    expect(SETTING_NAMES).toContain(member.name?.getText());
    expect([member.name?.getText(), member.questionToken !== undefined]).toEqual([
      member.name?.getText(),
      true,
    ]);
  }
});

test('every method of a construct says what it does, or what it overrides does', () => {
  const silent = exported.flatMap(({ name, found }) =>
    ts.isClassDeclaration(found)
      ? found.members
          .filter((member): member is ts.MethodDeclaration => ts.isMethodDeclaration(member))
          .filter((member) => !/^(private|protected|override)/.test(member.getText()))
          .filter((member) => docOf(member) === '' && !/Database$|Network$/.test(name))
          .map((member) => `${name}.${member.name.getText()}`)
      : [],
  );
  expect(silent).toEqual([]);
});
