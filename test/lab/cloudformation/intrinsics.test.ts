import { cidr } from '../../../lab/cloudformation/cidr';
import {
  evaluate,
  evaluateCondition,
  NO_VALUE,
  referencesOf,
  type Scope,
} from '../../../lab/cloudformation/intrinsics';
import type { Json } from '../../../lab/cloudformation/values';

const VALUES: Readonly<Record<string, Json | typeof NO_VALUE>> = {
  Bucket: 'my-bucket',
  Zones: ['a', 'b'],
  Count: '2',
  'AWS::Region': 'eu-west-1',
  'AWS::NoValue': NO_VALUE,
};

const scope: Scope = {
  ref: (name) => VALUES[name],
  attribute: (id, name) => `${id}:${name}`,
  condition: (name) => name === 'Yes',
  mapping: () => ({ top: { second: 'mapped' } }),
  importValue: (name) => `imported ${name}`,
  availabilityZones: (region) => [`${region}a`, `${region}b`],
};
const value = (json: Json): unknown => evaluate(json, scope);

describe('functions of templates', () => {
  it.each<[string, Json, unknown]>([
    ['Ref', { Ref: 'Bucket' }, 'my-bucket'],
    ['Ref of a list', { Ref: 'Zones' }, ['a', 'b']],
    ['GetAtt as a list', { 'Fn::GetAtt': ['Db', 'Endpoint.Port'] }, 'Db:Endpoint.Port'],
    ['GetAtt as text', { 'Fn::GetAtt': 'Db.Endpoint.Port' }, 'Db:Endpoint.Port'],
    ['Sub', { 'Fn::Sub': '${Bucket}/${Db.Arn}/${!Kept}' }, 'my-bucket/Db:Arn/${Kept}'],
    ['Sub with variables', { 'Fn::Sub': ['${X}-${Bucket}', { X: { Ref: 'Count' } }] }, '2-my-bucket'],
    ['Join', { 'Fn::Join': ['-', ['x', { Ref: 'Bucket' }, 3]] }, 'x-my-bucket-3'],
    ['Join of a list value', { 'Fn::Join': [',', { Ref: 'Zones' }] }, 'a,b'],
    ['Split and Select', { 'Fn::Select': [1, { 'Fn::Split': ['/', 'a/b/c'] }] }, 'b'],
    ['If', { 'Fn::If': ['Yes', { Ref: 'Bucket' }, 'no'] }, 'my-bucket'],
    ['If, the other way', { 'Fn::If': ['No', { Ref: 'Missing' }, 'no'] }, 'no'],
    ['FindInMap', { 'Fn::FindInMap': ['M', 'top', 'second'] }, 'mapped'],
    ['Base64', { 'Fn::Base64': 'hé' }, Buffer.from('hé').toString('base64')],
    ['GetAZs', { 'Fn::GetAZs': { Ref: 'AWS::Region' } }, ['eu-west-1a', 'eu-west-1b']],
    ['ImportValue', { 'Fn::ImportValue': 'x' }, 'imported x'],
    ['Cidr', { 'Fn::Select': [1, { 'Fn::Cidr': ['10.0.0.0/16', 2, '8'] }] }, '10.0.1.0/24'],
  ])('evaluates %s', (_name, json, expected) => {
    expect(value(json)).toEqual(expected);
  });

  it('drops what is AWS::NoValue, from objects and from lists', () => {
    expect(
      value({ a: { Ref: 'AWS::NoValue' }, b: [1, { 'Fn::If': ['No', 1, { Ref: 'AWS::NoValue' }] }] }),
    ).toEqual({
      b: [1],
    });
  });

  it('refuses unknown functions, references and positions', () => {
    expect(() => value({ 'Fn::Transform': {} })).toThrow('does not know the function Fn::Transform');
    expect(() => value({ Ref: 'Missing' })).toThrow('Unresolved reference: Missing');
    expect(() => value({ 'Fn::Select': [2, { Ref: 'Zones' }] })).toThrow('no item 2 in a list of 2');
    expect(() => value({ 'Fn::FindInMap': ['M', 'top', 'third'] })).toThrow('has no top.third');
  });

  it('does not take a policy condition or an object with several keys for a function', () => {
    const statement = { Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } };
    expect(value(statement)).toEqual(statement);
  });

  it('evaluates conditions', () => {
    const equal = { 'Fn::Equals': [{ Ref: 'Count' }, 2] };
    expect(evaluateCondition(equal, scope)).toBe(true);
    expect(evaluateCondition({ 'Fn::Not': [equal] }, scope)).toBe(false);
    expect(evaluateCondition({ 'Fn::And': [equal, { Condition: 'Yes' }] }, scope)).toBe(true);
    expect(evaluateCondition({ 'Fn::Or': [{ Condition: 'No' }, { Condition: 'No' }] }, scope)).toBe(false);
    expect(evaluateCondition({ 'Fn::Contains': [['1', '2'], { Ref: 'Count' }] }, scope)).toBe(true);
    expect(() => evaluateCondition({ 'Fn::Maybe': [] }, scope)).toThrow('Fn::Maybe');
  });

  it('finds every reference', () => {
    const found = referencesOf({
      a: { Ref: 'A' },
      b: [{ 'Fn::GetAtt': ['B', 'Arn'] }, { 'Fn::Sub': ['${C.Arn} ${D} ${!E} ${v}', { v: { Ref: 'F' } }] }],
      c: { 'Fn::If': ['Cond', { 'Fn::GetAtt': 'G.Arn' }, 'x'] },
    });
    expect([...found].sort()).toEqual(['A', 'B', 'C', 'D', 'F', 'G']);
  });
});

describe('Fn::Cidr', () => {
  it('splits IPv4 and IPv6 blocks', () => {
    expect(cidr('10.1.0.0/16', 3, 4)).toEqual(['10.1.0.0/28', '10.1.0.16/28', '10.1.0.32/28']);
    expect(cidr('2600:1f18:22ba:8c00::/56', 3, 64)).toEqual([
      '2600:1f18:22ba:8c00::/64',
      '2600:1f18:22ba:8c01::/64',
      '2600:1f18:22ba:8c02::/64',
    ]);
  });

  it('refuses more than there is room for', () => {
    expect(() => cidr('10.0.0.0/28', 2, 4)).toThrow('no room');
    expect(() => cidr('10.0.0.0', 1, 4)).toThrow('needs a block');
  });
});
