/** One operation of a REST service: `{Name}` in the pattern becomes a member of the input. */
interface Route {
  readonly operation: string;
  readonly method: string;
  readonly pattern: RegExp;
  readonly labels: readonly string[];
}

function route(line: string): Route {
  const [operation = '', method = '', path = ''] = line.split(/\s+/);
  const labels = [...path.matchAll(/\{(\w+)\+?\}/g)].map(([, label]) => label ?? '');
  const pattern = path.replace(/\{\w+\+\}/g, '(.+)').replace(/\{\w+\}/g, '([^/]+)');
  return { operation, method, pattern: new RegExp(`^${pattern}/?$`), labels };
}

/**
 * Operations of the REST services that the lab may intercept, as their API references list them.
 * Sources: https://docs.aws.amazon.com/lambda/latest/api/, https://docs.aws.amazon.com/scheduler/latest/APIReference/ and
 * https://docs.aws.amazon.com/eventbridge/latest/schema-reference/
 */
const ROUTES: Readonly<Record<string, readonly Route[]>> = {
  lambda: [
    'CreateFunction POST /2015-03-31/functions',
    'ListFunctions GET /2015-03-31/functions',
    'GetFunction GET /2015-03-31/functions/{FunctionName}',
    'DeleteFunction DELETE /2015-03-31/functions/{FunctionName}',
    'GetFunctionConfiguration GET /2015-03-31/functions/{FunctionName}/configuration',
    'UpdateFunctionConfiguration PUT /2015-03-31/functions/{FunctionName}/configuration',
    'UpdateFunctionCode PUT /2015-03-31/functions/{FunctionName}/code',
    'Invoke POST /2015-03-31/functions/{FunctionName}/invocations',
    'InvokeAsync POST /2014-11-13/functions/{FunctionName}/invoke-async',
    'InvokeWithResponseStream POST /2021-11-15/functions/{FunctionName}/response-streaming-invocations',
    'AddPermission POST /2015-03-31/functions/{FunctionName}/policy',
    'GetPolicy GET /2015-03-31/functions/{FunctionName}/policy',
    'RemovePermission DELETE /2015-03-31/functions/{FunctionName}/policy/{StatementId}',
    'PublishVersion POST /2015-03-31/functions/{FunctionName}/versions',
    'ListVersionsByFunction GET /2015-03-31/functions/{FunctionName}/versions',
    'CreateAlias POST /2015-03-31/functions/{FunctionName}/aliases',
    'GetFunctionConcurrency GET /2019-09-30/functions/{FunctionName}/concurrency',
    'PutFunctionConcurrency PUT /2017-10-31/functions/{FunctionName}/concurrency',
    'PutFunctionEventInvokeConfig PUT /2019-09-25/functions/{FunctionName}/event-invoke-config',
    'GetFunctionEventInvokeConfig GET /2019-09-25/functions/{FunctionName}/event-invoke-config',
    'DeleteFunctionEventInvokeConfig DELETE /2019-09-25/functions/{FunctionName}/event-invoke-config',
    'TagResource POST /2017-03-31/tags/{Resource+}',
    'UntagResource DELETE /2017-03-31/tags/{Resource+}',
    'ListTags GET /2017-03-31/tags/{Resource+}',
  ].map(route),
  scheduler: [
    'CreateSchedule POST /schedules/{Name}',
    'UpdateSchedule PUT /schedules/{Name}',
    'GetSchedule GET /schedules/{Name}',
    'DeleteSchedule DELETE /schedules/{Name}',
    'ListSchedules GET /schedules',
    'CreateScheduleGroup POST /schedule-groups/{Name}',
    'GetScheduleGroup GET /schedule-groups/{Name}',
    'DeleteScheduleGroup DELETE /schedule-groups/{Name}',
    'ListScheduleGroups GET /schedule-groups',
    'TagResource POST /tags/{ResourceArn+}',
    'UntagResource DELETE /tags/{ResourceArn+}',
    'ListTagsForResource GET /tags/{ResourceArn+}',
  ].map(route),
  schemas: [
    'ListRegistries GET /v1/registries',
    'CreateRegistry POST /v1/registries/name/{registryName}',
    'DescribeRegistry GET /v1/registries/name/{registryName}',
    'DeleteRegistry DELETE /v1/registries/name/{registryName}',
    'ListSchemas GET /v1/registries/name/{registryName}/schemas',
    'CreateSchema POST /v1/registries/name/{registryName}/schemas/name/{schemaName}',
    'UpdateSchema PUT /v1/registries/name/{registryName}/schemas/name/{schemaName}',
    'DescribeSchema GET /v1/registries/name/{registryName}/schemas/name/{schemaName}',
    'DeleteSchema DELETE /v1/registries/name/{registryName}/schemas/name/{schemaName}',
  ].map(route),
};

/** A REST operation found, with the values that stood in the path. */
export interface Routed {
  readonly operation: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Finds the operation of a REST call of a service other than S3; undefined when the path is not listed. */
export function routeOf(service: string, method: string, pathname: string): Routed | undefined {
  for (const { operation, method: wanted, pattern, labels } of ROUTES[service] ?? []) {
    const found = wanted === method ? pattern.exec(pathname) : null;
    if (found === null) continue;
    const values = labels.map((label, index) => [label, decodeURIComponent(found[index + 1] ?? '')] as const);
    return { operation, labels: Object.fromEntries(values) };
  }
  return undefined;
}

/** Names of S3 operations told apart by method and one query word; the first that fits counts. */
const S3_OBJECT = [
  ['PUT', 'partNumber', 'UploadPart'],
  ['POST', 'uploads', 'CreateMultipartUpload'],
  ['POST', 'uploadId', 'CompleteMultipartUpload'],
  ['DELETE', 'uploadId', 'AbortMultipartUpload'],
  ['GET', 'uploadId', 'ListParts'],
  ['GET', 'attributes', 'GetObjectAttributes'],
  ['PUT', 'tagging', 'PutObjectTagging'],
  ['GET', 'tagging', 'GetObjectTagging'],
  ['PUT', 'retention', 'PutObjectRetention'],
  ['GET', 'retention', 'GetObjectRetention'],
  ['PUT', 'legal-hold', 'PutObjectLegalHold'],
  ['GET', 'legal-hold', 'GetObjectLegalHold'],
  ['PUT', '', 'PutObject'],
  ['GET', '', 'GetObject'],
  ['HEAD', '', 'HeadObject'],
  ['DELETE', '', 'DeleteObject'],
] as const;

const S3_BUCKET = [
  ['GET', 'uploads', 'ListMultipartUploads'],
  ['GET', 'versions', 'ListObjectVersions'],
  ['POST', 'delete', 'DeleteObjects'],
  ['PUT', 'policy', 'PutBucketPolicy'],
  ['GET', 'policy', 'GetBucketPolicy'],
  ['DELETE', 'policy', 'DeleteBucketPolicy'],
  ['PUT', 'versioning', 'PutBucketVersioning'],
  ['GET', 'versioning', 'GetBucketVersioning'],
  ['PUT', 'lifecycle', 'PutBucketLifecycleConfiguration'],
  ['PUT', 'encryption', 'PutBucketEncryption'],
  ['PUT', 'tagging', 'PutBucketTagging'],
  ['PUT', 'object-lock', 'PutObjectLockConfiguration'],
  ['PUT', 'publicAccessBlock', 'PutPublicAccessBlock'],
  ['PUT', 'ownershipControls', 'PutBucketOwnershipControls'],
  ['GET', 'location', 'GetBucketLocation'],
  ['GET', 'list-type', 'ListObjectsV2'],
  ['GET', '', 'ListObjects'],
  ['PUT', '', 'CreateBucket'],
  ['HEAD', '', 'HeadBucket'],
  ['DELETE', '', 'DeleteBucket'],
] as const;

/** Operation, bucket and key of a path-style S3 call. A copy is called `CopyObject` or `UploadPartCopy`. */
export function s3RouteOf(method: string, url: URL, isCopy: boolean): Routed {
  const [bucket = '', ...rest] = url.pathname.slice(1).split('/').map(decodeURIComponent);
  const key = rest.join('/');
  if (bucket === '') return { operation: 'ListBuckets', labels: {} };
  const table = key === '' ? S3_BUCKET : S3_OBJECT;
  const found = table.find(
    ([wanted, word]) => wanted === method && (word === '' || url.searchParams.has(word)),
  );
  const plain: string = found?.[2] ?? `Unknown${method}`;
  const operation = isCopy ? { PutObject: 'CopyObject', UploadPart: 'UploadPartCopy' }[plain] : plain;
  return { operation: operation ?? plain, labels: { Bucket: bucket, ...(key === '' ? {} : { Key: key }) } };
}
