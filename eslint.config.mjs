import tseslint from 'typescript-eslint';
import tsdoc from 'eslint-plugin-tsdoc';

/** The walls of the house: what code in one folder may not import, and why. */
const CDK = ['aws-cdk-lib', 'aws-cdk-lib/*', 'constructs'];
const folders = (names) => names.map((name) => `**/${name}/**`);
const wall = (folder, groups, message) => ({
  files: [`${folder}/**/*.ts`],
  rules: { 'no-restricted-imports': ['error', { patterns: [{ group: groups, message }] }] },
});

export default tseslint.config(
  { ignores: ['cdk.out/**', 'dist/**', 'coverage/**', 'node_modules/**', '**/*.js', '**/*.mjs', '.venv/**'] },
  ...tseslint.configs.strictTypeChecked,
  {
    files: ['**/*.ts'],
    plugins: { tsdoc },
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'tsdoc/syntax': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-empty': ['error', { allowEmptyCatch: false }],
    },
  },
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
  wall('bin', folders(['lambda', 'jumpbox', 'lab']), 'bin/ joins lib/ (the app) or cli/ (the command line).'),
);
