import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { assertUnderstood, at, documents, expectAll, read } from './deploy.fixture.ts';
import { ROUND_LIMITS } from './round.ts';
import { nextTick } from './settings.ts';

const DIGEST = /@sha256:[0-9a-f]{64}$/;

describe('the Kubernetes manifests', () => {
  const [namespace, claim, cron] = documents('deploy/kubernetes/arena.yaml');
  const [deployment, service] = documents('deploy/kubernetes/serve.yaml');
  const RESTRICTED = {
    'securityContext.runAsNonRoot': true,
    'securityContext.runAsUser': 10_001,
    'securityContext.seccompProfile.type': 'RuntimeDefault',
    automountServiceAccountToken: false,
    'containers.0.securityContext.allowPrivilegeEscalation': false,
    'containers.0.securityContext.readOnlyRootFilesystem': true,
    'containers.0.securityContext.capabilities': { drop: ['ALL'] },
    nodeSelector: { 'stoa.dev/arena': 'true' },
  };
  const round = at(cron, 'spec.jobTemplate.spec.template.spec');
  const server = at(deployment, 'spec.template.spec');

  it('are of the kinds they should be, in one namespace', () => {
    const kinds = [namespace, claim, cron, deployment, service].map((one) => [
      at(one, 'apiVersion'),
      at(one, 'kind'),
    ]);
    assert.deepEqual(kinds, [
      ['v1', 'Namespace'],
      ['v1', 'PersistentVolumeClaim'],
      ['batch/v1', 'CronJob'],
      ['apps/v1', 'Deployment'],
      ['v1', 'Service'],
    ]);
    for (const one of [claim, cron, deployment, service]) {
      assert.equal(at(one, 'metadata.namespace'), at(namespace, 'metadata.name'));
    }
  });

  it('never run two rounds at once, nor one again', () => {
    expectAll(at(cron, 'spec'), {
      timeZone: 'Etc/UTC',
      concurrencyPolicy: 'Forbid',
      'jobTemplate.spec.backoffLimit': 0,
    });
    expectAll(round, { restartPolicy: 'Never' });
    const schedule = String(at(cron, 'spec.schedule'));
    assert.equal(nextTick(schedule, new Date(0))?.getTime(), 30 * 60_000);
  });

  it('give a round a whole machine’s cores, and as much as it may take', () => {
    assert.deepEqual(
      at(round, 'containers.0.resources.requests'),
      at(round, 'containers.0.resources.limits'),
    );
    assert.match(String(at(round, 'containers.0.resources.requests.cpu')), /^\d+$/);
    const limitS = Number(at(cron, 'spec.jobTemplate.spec.activeDeadlineSeconds'));
    const [, minutes] = /--time-limit=(\d+)/.exec(String(at(round, 'containers.0.args'))) ?? [];
    assert.ok(
      limitS > Number(minutes) * 60 + (ROUND_LIMITS.reportTimeoutMs + ROUND_LIMITS.graceMs) / 1000,
    );
  });

  it('may do little', () => {
    expectAll(round, RESTRICTED);
    expectAll(server, RESTRICTED);
    assert.equal(at(server, 'containers.0.volumeMounts.0.readOnly'), true);
  });

  it('have images by digest, which says that it is to be replaced', () => {
    for (const spec of [round, server]) {
      assert.match(String(at(spec, 'containers.0.image')), DIGEST);
    }
    assert.match(read('deploy/kubernetes/arena.yaml'), /^# {3}- Replace the image:/m);
  });

  it('call commands as they are, with files that are there', () => {
    for (const spec of [round, server]) {
      assertUnderstood(at(spec, 'containers.0.args') as readonly string[]);
      const volumes = (at(spec, 'volumes') as { name: string }[]).map(({ name }) => name);
      const mounts = at(spec, 'containers.0.volumeMounts') as { name: string }[];
      assert.deepEqual(
        volumes,
        mounts.map(({ name }) => name),
      );
    }
    assert.equal(
      at(round, 'volumes.0.persistentVolumeClaim.claimName'),
      at(claim, 'metadata.name'),
    );
    expectAll(service, {
      'spec.selector': at(deployment, 'spec.template.metadata.labels'),
      'spec.ports.0.targetPort': at(server, 'containers.0.ports.0.name'),
    });
  });
});
