// Who may see the household of the stand, and who may connect to its broker: as long as the stand runs.
const HOUR = 3600e3;

/** respond(method, path, body, now) gives {status, body}. */
export function access() {
  let isSet = true,
    tokens = [],
    accounts = [{ name: 'onduleur', role: 'device' }],
    sessions = [
      { id: 's1', browser: 'Firefox, Linux', age: 1, own: true },
      { id: 's2', browser: 'Safari, iPhone', age: 30, own: false },
      { id: 's3', browser: 'Chrome, Android', age: 900, own: false },
    ],
    other = null;
  const ok = (body = {}) => ({ status: 200, body });
  const wrong = (at, detail) => ({ status: 422, body: { detail: 'À corriger.', errors: [{ at, detail }] } });

  const actions = {
    'PUT password'({ password, current }) {
      if (isSet && current !== 'maison-bleue') return wrong('current', 'Mot de passe incorrect.');
      if (password.length < 8) return wrong('password', '8 caractères au moins');
      isSet = true;
      sessions = sessions.filter(({ own }) => own);
      return ok();
    },
    'DELETE sessions'(_, id) {
      sessions = sessions.filter((one) => one.own || (id && one.id !== id));
      return ok();
    },
    'POST tokens'({ name }, _, now) {
      const made = { id: `t${tokens.length + 1}`, name, since: new Date(now).toISOString() };
      tokens = [...tokens, made];
      return ok({ ...made, token: 'kJ2c9_wY0bq3T7rLx5VnZ1dH8mSa6EfP' });
    },
    'DELETE tokens'(_, id) {
      tokens = tokens.filter((one) => one.id !== id);
      return ok();
    },
    'POST accounts'({ name, role }) {
      if (!/^[a-z][a-z0-9-]{0,31}$/.test(name)) return wrong('name', 'un nom tel que onduleur est attendu');
      accounts = [...accounts, { name, role }];
      return ok({ name, role, password: 'r4Nd0m-Pa55' });
    },
    'DELETE accounts'(_, name) {
      accounts = accounts.filter((one) => one.name !== name);
      return ok();
    },
    'PUT broker'(asked) {
      if (asked.host === '192.168.1.9') return wrong('host', 'aucune réponse de 192.168.1.9:1883');
      other = asked.host && asked;
      return ok();
    },
  };
  return {
    respond(method, [place, id], body, now) {
      if (place) return actions[`${method} ${place}`](body, id, now);
      return ok({
        password: isSet ? 'set' : 'none',
        sessions: sessions.map(({ age, ...one }) => ({
          ...one,
          since: new Date(now - age * HOUR).toISOString(),
          seen: new Date(now - (one.own ? 0 : (age / 2) * HOUR)).toISOString(),
        })),
        tokens,
        accounts,
        broker: {
          fixed: false,
          may_choose: true,
          may_add: !other,
          host: other?.host ?? null,
          port: other?.port ?? 1883,
          tls: other?.tls ?? false,
          username: other?.username ?? null,
        },
        listens: 'network',
      });
    },
  };
}
