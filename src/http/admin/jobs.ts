import { z } from 'zod';
import { CoaxError } from '../../errors.ts';
import type { Job } from '../../ingest/contract.ts';
import type { JobId } from '../../model/ids.ts';
import { EventStream } from '../event-stream.ts';
import { type Route, route } from '../route.ts';
import { job } from '../schemas.ts';
import type { Services } from '../services.ts';

const params = z.object({ id: z.string().max(200) });
const tag = 'jobs';

const view = (item: Job): z.input<typeof job> => ({
  ...item,
  rejects: [...item.rejects],
  problems: [...item.problems],
});

export function jobRoutes({ jobs }: Services): Route[] {
  const find = (id: string): Job => {
    const found = jobs.get(id as JobId);
    if (found === null) throw new CoaxError('NOT_FOUND', `There is no job ${id}`);
    return found;
  };
  return [
    route({
      method: 'get',
      path: '/jobs',
      tag,
      summary: 'Jobs that run or wait, then those that ended, newest first',
      answer: { status: 200, schema: z.array(job), description: 'The jobs' },
      run: () => jobs.list().map(view),
    }),
    route({
      method: 'get',
      path: '/jobs/{id}',
      tag,
      summary: 'One job',
      params,
      answer: { status: 200, schema: job, description: 'The job' },
      run: ({ params: { id } }) => view(find(id)),
    }),
    route({
      method: 'delete',
      path: '/jobs/{id}',
      tag,
      summary: 'Cancel a job; the catalogue stays as it was',
      params,
      answer: { status: 202, schema: job, description: 'The job; its state moves to cancelled' },
      errors: ['CONFLICT'],
      run: ({ params: { id } }) => {
        const { state } = find(id);
        if (!jobs.cancel(id as JobId)) throw new CoaxError('CONFLICT', `The job has ended already: it ${state}`);
        return view(find(id));
      },
    }),
    route({
      method: 'get',
      path: '/events',
      tag,
      summary: 'Changes of jobs as server-sent events, after the jobs that run now',
      answer: {
        status: 200,
        contentType: 'text/event-stream',
        description: 'Events named "job", each with a job as its data',
      },
      run: ({ response }) => {
        const stream = new EventStream(response);
        for (const item of jobs.list()) if (item.endedAt === null) stream.send('job', view(item));
        response.once(
          'close',
          jobs.onChange((item) => stream.send('job', view(item))),
        );
      },
    }),
  ];
}
