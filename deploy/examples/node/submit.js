// Submits one job to Quarry: one Avro record, in the Confluent wire format, on the topic of a resource group.
// usage: node submit.js <bootstrap servers> <registry url> <job.json> [job id]
'use strict';

const { readFileSync } = require('node:fs');
const { randomUUID } = require('node:crypto');
const { Kafka, logLevel } = require('kafkajs');
const { SchemaRegistry } = require('@kafkajs/confluent-schema-registry');

async function submit(bootstrap, registryUrl, job) {
  const topic = `quarry.jobs.${job.resource_group ?? 'default'}`;

  // Quarry has registered the schema; fields that the job leaves out take the schema's defaults.
  const registry = new SchemaRegistry({ host: registryUrl });
  const schemaId = await registry.getLatestSchemaId(`${topic}-value`);
  const value = await registry.encode(schemaId, job);

  // Idempotent and acknowledged by all replicas: once send() returns the job is not lost, and it is there once.
  const kafka = new Kafka({ clientId: 'quarry-example', brokers: bootstrap.split(','), logLevel: logLevel.WARN });
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  try {
    // The key is the job's id. Sending the same id again is the same job, not a second run.
    const [sent] = await producer.send({ topic, acks: -1, messages: [{ key: job.id, value }] });
    return { id: job.id, topic, offset: sent.baseOffset };
  } finally {
    await producer.disconnect();
  }
}

const [bootstrap, registryUrl, file, id = randomUUID()] = process.argv.slice(2);
if (!file) {
  console.error('usage: node submit.js <bootstrap servers> <registry url> <job.json> [job id]');
  process.exit(2);
}
submit(bootstrap, registryUrl, { ...JSON.parse(readFileSync(file, 'utf8')), id }).then(
  (sent) => console.log(JSON.stringify(sent)),
  (error) => {
    console.error(`The job was not submitted: ${error.message}`);
    process.exit(1);
  },
);
