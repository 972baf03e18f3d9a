import { DeleteTagsCommand, DescribeTagsCommand, type EC2Client } from '@aws-sdk/client-ec2';

/**
 * A terminated instance is seen for about an hour, and loses its tags meanwhile:
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/terminating-instances.html
 */
export const TAGS_LAST_SECONDS = 3_600;

/**
 * Removes the tags of what is gone. The emulator keeps them, and goes through all of them for each instance that it describes: a
 * lab that has launched a hundred boxes would be several times slower.
 */
export async function removeTags(ec2: EC2Client, ids: readonly string[]): Promise<void> {
  const wanted = { Name: 'resource-id', Values: [...ids] };
  const { Tags = [] } = await ec2.send(new DescribeTagsCommand({ Filters: [wanted] }));
  if (Tags.length === 0) return;
  const keys = [...new Set(Tags.map(({ Key }) => Key))].map((Key) => ({ Key }));
  await ec2.send(new DeleteTagsCommand({ Resources: [...ids], Tags: keys }));
}
