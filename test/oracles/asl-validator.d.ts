/** The validator brings no types of its own; this is what is used of it. */
declare module 'asl-validator' {
  function validate(
    definition: unknown,
    options: { readonly checkArn: boolean; readonly checkPaths: boolean },
  ): { readonly isValid: boolean; readonly errors: readonly unknown[] };
  export = validate;
}
