/**
 * An error that an AWS API answers with. Thrown by an interceptor, it reaches the caller in the protocol of the call.
 */
export class AwsFault extends Error {
  override readonly name = 'AwsFault';

  /**
   * @param code - the API's error code, for example `InvalidInstanceID.NotFound`
   * @param message - a sentence for the caller
   * @param status - HTTP status, 400 unless the API says otherwise
   */
  constructor(
    readonly code: string,
    message: string,
    readonly status = 400,
  ) {
    super(message);
  }
}
