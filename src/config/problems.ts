import type { z } from 'zod';
import { CoaxError, type ErrorCode } from '../errors.ts';

/** One field that is wrong: where, and what to do, without the value (it may be a secret). */
export interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

/** zod's issues as one short sentence per field. */
export function fieldProblems(error: z.core.$ZodError): FieldProblem[] {
  return error.issues.flatMap((issue) => {
    const field = issue.path.map(String).join('.') || '(document)';
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        field: [...issue.path.map(String), key].join('.'),
        message: 'is not a setting of Coax',
      }));
    }
    if (issue.code === 'invalid_type') {
      return [
        {
          field,
          message: issue.message.includes('received undefined') ? 'is missing' : `has to be of type ${issue.expected}`,
        },
      ];
    }
    return [{ field, message: issue.message }];
  });
}

/** Decodes `value`; throws `code` with every field that is wrong in `details.fields`. */
export function decode<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  code: ErrorCode = 'BAD_REQUEST',
): z.output<Schema> {
  const result = schema.safeParse(value, { reportInput: false });
  if (result.success) return result.data;
  const fields = fieldProblems(result.error);
  const shown = fields.slice(0, 3).map(({ field, message }) => `${field} ${message}`);
  throw new CoaxError(code, `${shown.join('; ')}${fields.length > 3 ? `; and ${fields.length - 3} more` : ''}`, {
    details: { fields },
  });
}
