/**
 * Every refusal of the HTTP API: code → HTTP status and English title (RFC 9457). The console
 * translates by code; `detail` says what to do.
 */
export const problems = {
  'request.invalid': { status: 400, title: 'The request is not valid' },
  'request.too-large': { status: 413, title: 'The request is too large' },
  'request.too-many': { status: 429, title: 'Too many requests' },
  'request.bad-cursor': { status: 400, title: 'This cursor is not one of ours' },
  'resource.not-found': { status: 404, title: 'Not found' },
  'resource.conflict': { status: 409, title: 'Conflicts with what is there' },
  'resource.stale': { status: 412, title: 'Changed by someone else meanwhile' },
  'hub.error': { status: 500, title: 'Internal error' },
  'hub.unavailable': { status: 503, title: 'Not available now' },
  'db.unavailable': { status: 503, title: 'The database cannot be used now' },
  'db.newer-schema': { status: 503, title: 'The database was made by a newer version' },
  'access.signed-out': { status: 401, title: 'Sign in first' },
  'access.bad-credentials': { status: 401, title: 'User name or password is wrong' },
  'access.forbidden': { status: 403, title: 'Not allowed' },
  'access.csrf': { status: 403, title: 'Request did not come from our pages' },
  'access.weak-password': { status: 422, title: 'Password is too weak' },
  'areas.cycle': { status: 422, title: 'An area cannot be inside itself' },
  'areas.not-found': { status: 404, title: 'No such area' },
  'register.bad-lifecycle': { status: 409, title: 'Lifecycle does not allow this step' },
  'register.binding-overlap': { status: 409, title: 'Already bound in this period' },
  'register.not-found': { status: 404, title: 'No such asset' },
  'devices.not-found': { status: 404, title: 'No such agent' },
  'devices.bad-claim': { status: 403, title: 'Claim code is wrong, used or expired' },
  'devices.needs-https': { status: 403, title: 'Enrolment needs HTTPS' },
  'devices.revoked': { status: 409, title: 'Agent is revoked' },
  'alerts.not-found': { status: 404, title: 'No such alert' },
  'alerts.bad-transition': { status: 409, title: 'Alert cannot go there from here' },
  'lighting.bad-program': { status: 422, title: 'Lighting program is not valid' },
  'lighting.not-found': { status: 404, title: 'No such lighting program' },
  'work.bad-calendar': { status: 422, title: 'SLA calendar is not valid' },
  'work.not-found': { status: 404, title: 'No such SLA policy' },
  'notify.not-found': { status: 404, title: 'No such notification target' },
  'notify.bad-target': { status: 422, title: 'Notification target is not valid' },
} as const satisfies Record<string, { status: number; title: string }>

export type ProblemCode = keyof typeof problems
