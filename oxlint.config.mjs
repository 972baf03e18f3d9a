/** The walls of the house: what code in one folder may not import, and why. */
const CDK = ['aws-cdk-lib', 'aws-cdk-lib/*', 'constructs'];
const folders = (names) => names.map((name) => `**/${name}/**`);
const wall = (folder, group, message) => ({
  files: [`${folder}/**/*.ts`],
  rules: { 'no-restricted-imports': ['error', { patterns: [{ group, message }] }] },
});
const errors = (prefix, names) =>
  Object.fromEntries(names.split(/\s+/).map((name) => [prefix + name, 'error']));

/** Rules are listed by name: the categories of the linter change with its versions. */
const RULES = {
  ...errors(
    '',
    `no-array-constructor no-unused-expressions no-unused-vars no-useless-constructor no-var prefer-const
    prefer-rest-params prefer-spread`,
  ),
  ...errors(
    'typescript/',
    `await-thenable ban-ts-comment consistent-type-imports no-array-delete no-base-to-string
    no-confusing-void-expression no-deprecated no-duplicate-enum-values no-duplicate-type-constituents
    no-dynamic-delete no-empty-object-type no-explicit-any no-extra-non-null-assertion no-extraneous-class
    no-floating-promises no-for-in-array no-generated-empty-object-type no-implied-eval no-invalid-void-type
    no-meaningless-void-operator no-misused-new no-misused-promises no-misused-spread no-mixed-enums no-namespace
    no-non-null-asserted-nullish-coalescing no-non-null-asserted-optional-chain no-non-null-assertion
    no-redundant-type-constituents no-require-imports no-this-alias no-unnecessary-boolean-literal-compare
    no-unnecessary-condition no-unnecessary-template-expression no-unnecessary-type-arguments
    no-unnecessary-type-assertion no-unnecessary-type-constraint no-unnecessary-type-conversion
    no-unnecessary-type-parameters no-unsafe-argument no-unsafe-assignment no-unsafe-call
    no-unsafe-declaration-merging no-unsafe-enum-comparison no-unsafe-function-type no-unsafe-member-access
    no-unsafe-return no-unsafe-unary-minus no-useless-default-assignment no-wrapper-object-types only-throw-error
    prefer-as-const prefer-literal-enum-member prefer-namespace-keyword prefer-promise-reject-errors
    prefer-reduce-type-parameter prefer-return-this-type related-getter-setter-pairs require-await
    triple-slash-reference unbound-method unified-signatures use-unknown-in-catch-callback-variable`,
  ),
  'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
  'no-empty': ['error', { allowEmptyCatch: false }],
  'tsdoc/syntax': 'error',
  'typescript/restrict-plus-operands': [
    'error',
    {
      allowAny: false,
      allowBoolean: false,
      allowNullish: false,
      allowNumberAndString: false,
      allowRegExp: false,
    },
  ],
  'typescript/restrict-template-expressions': ['error', { allowNumber: true }],
  'typescript/return-await': ['error', 'error-handling-correctness-only'],
};

export default {
  plugins: ['typescript'],
  jsPlugins: ['eslint-plugin-tsdoc'],
  categories: { correctness: 'off' },
  // The compiler's own errors as well: one program is loaded for both.
  options: { typeAware: true, typeCheck: true, denyWarnings: true },
  ignorePatterns: ['cdk.out/**', 'dist/**', 'coverage/**', '**/*.js', '**/*.mjs', '.venv/**'],
  rules: RULES,
  overrides: [
    wall(
      'contract',
      [...CDK, '@aws-sdk/*', ...folders(['lib', 'lambda', 'jumpbox', 'cli', 'lab', 'bin'])],
      'contract/ imports nothing but the schema library.',
    ),
    ...['lambda', 'jumpbox', 'cli'].map((folder) =>
      wall(
        folder,
        [
          ...CDK,
          ...folders(['lib', 'lambda', 'jumpbox', 'cli', 'lab', 'bin'].filter((name) => name !== folder)),
        ],
        `${folder}/ imports only contract/ and libraries.`,
      ),
    ),
    wall(
      'lib',
      folders(['lambda', 'jumpbox', 'cli', 'lab', 'bin']),
      'lib/ points at entry files of handlers, it never imports them.',
    ),
    wall(
      'examples',
      folders(['lib', 'lambda', 'jumpbox', 'cli', 'lab', 'bin', 'contract']),
      'examples/ use the package by its name, as somebody else would.',
    ),
    wall(
      'bin',
      folders(['lambda', 'jumpbox', 'lab']),
      'bin/ joins lib/ (the app) or cli/ (the command line).',
    ),
  ],
};
