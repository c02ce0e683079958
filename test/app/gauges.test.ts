import { expect } from 'chai';
import { gauges } from '../../src/app/gauges.ts';
import { Metrics } from '../../src/log/metrics.ts';

describe('the gauges', () => {
  it('are what the live objects say at the scrape, and nothing of the one before', async () => {
    const metrics = new Metrics();
    let hostStreams = [{ state: 'live' }, { state: 'live' }, { state: 'slate' }];
    metrics.sampleFrom(() =>
      gauges({
        pool: { leases: () => [], snapshot: () => [] },
        sessions: [],
        connections: 4,
        jobs: [],
        hls: { size: 2, bytes: 1000 },
        hostStreams,
        breakers: [{ profile: 'live', state: 'open' }],
        mismatches: 0,
      }),
    );
    const first = await metrics.text();
    expect(first).to.contain('coax_host_streams{state="live"} 2').and.to.contain('coax_host_streams{state="slate"} 1');
    expect(first).to.contain('coax_client_connections 4');
    expect(first).to.contain('coax_breakers{profile="live",state="open"} 1');
    hostStreams = [{ state: 'idle' }];
    const second = await metrics.text();
    expect(second).to.contain('coax_host_streams{state="idle"} 1').and.not.to.contain('{state="live"}');
  });
});
