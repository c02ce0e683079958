import { isAxiosError } from 'axios';
import { CoaxError } from '../../errors.ts';

/** What went wrong at a host, in words. The cause is left behind, because a request's error holds its headers, and those the key. */
export function hostFailure(host: string, error: unknown, cancelled: boolean): CoaxError {
  if (error instanceof CoaxError) return error;
  if (cancelled) return new CoaxError('CANCELLED');
  if (!isAxiosError(error)) return new CoaxError('HOST_ERROR', `${host} answered with something that can not be read`);
  const status = error.response?.status;
  if (status === undefined) {
    const reason = error.code === 'ECONNABORTED' ? 'in time' : (error.code ?? '');
    return new CoaxError(
      'HOST_UNREACHABLE',
      error.code === 'ECONNABORTED' ? `${host} did not answer ${reason}` : `${host} can not be reached (${reason})`,
    );
  }
  if (status === 401 || status === 403)
    return new CoaxError('HOST_REFUSED', `${host} refuses the API key (HTTP ${status})`);
  if (status >= 300 && status < 400)
    return new CoaxError('HOST_ERROR', `${host} sends us on to another address; give that one (HTTP ${status})`);
  if (status === 503) return new CoaxError('HOST_UNREACHABLE', `${host} is still starting (HTTP 503)`);
  return new CoaxError('HOST_ERROR', `${host} answered with HTTP ${status}`);
}
