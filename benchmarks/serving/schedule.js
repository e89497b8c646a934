// k6: the lines of a file as bodies, in turn, at a constant rate of arrivals.
import http from 'k6/http';
import { SharedArray } from 'k6/data';
import exec from 'k6/execution';

const bodies = new SharedArray('bodies', () => open(__ENV.BODIES).split('\n').filter((line) => line));
const options_of_a_request = { headers: { 'Content-Type': 'application/json' }, timeout: '10s' };

export const options = {
  discardResponseBodies: true,
  summaryTrendStats: ['p(50)', 'p(99)', 'max'],
  scenarios: {
    schedule: {
      executor: 'constant-arrival-rate',
      rate: Number(__ENV.RATE),
      timeUnit: '1s',
      duration: `${__ENV.SECONDS}s`,
      preAllocatedVUs: Number(__ENV.FEW),
      maxVUs: Number(__ENV.MOST),
      gracefulStop: '10s',
    },
  },
};

export default function () {
  http.post(__ENV.URL, bodies[exec.scenario.iterationInTest % bodies.length], options_of_a_request);
}

export function handleSummary(data) {
  return { [__ENV.SUMMARY]: JSON.stringify(data.metrics) };
}
