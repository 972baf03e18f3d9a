import { MetadataService } from '@aws-sdk/ec2-metadata-service';
import { EXIT } from '../contract/exit-codes';
import { reasonOf, Stop } from './stop';

/**
 * Asks the instance metadata service who this box is, with a session token (IMDSv2).
 *
 * @throws Stop with `EXIT.failed` when there is no answer, or not an instance id
 */
export async function readInstanceId(): Promise<string> {
  const service = new MetadataService({
    retries: 3,
    httpOptions: { timeout: 2_000 },
    ec2MetadataV1Disabled: true,
  });
  // The library joins the endpoint's "/" and this path: a slash of its own would ask for "//latest".
  const answer = await service.request('latest/meta-data/instance-id', {}).catch((error: unknown) => {
    throw new Stop(
      EXIT.failed,
      `The instance metadata service did not say who this box is: ${reasonOf(error)}.`,
    );
  });
  if (!/^i-[0-9a-f]+$/.test(answer)) {
    throw new Stop(
      EXIT.failed,
      `The instance metadata service gave "${answer}" where an instance id was expected.`,
    );
  }
  return answer;
}
