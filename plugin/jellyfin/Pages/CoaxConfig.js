// The plugin's page in the dashboard. It talks to the plugin's controller on the server, which forwards to the engine; nothing here
// knows the engine's address or token. All text goes in as text, never as markup.

const pluginId = '6d0f7a52-2f0b-4c5e-9c1e-8a54c0a7d3b1';
const pageSize = 50;
const pollMs = 4000;
const settingFields = {
  NodePath: '#coaxNodePath',
  RuntimeUrl: '#coaxRuntimeUrl',
  EnginePort: '#coaxEnginePort',
  EngineUrl: '#coaxEngineUrl',
  EngineToken: '#coaxEngineToken',
  GuideDays: '#coaxGuideDays',
  Provision: '#coaxProvisionOn',
  DirectPlay: '#coaxDirectPlay',
  GroupTags: '#coaxGroupTags',
  BatchLookUps: '#coaxBatchLookUps',
};

async function ask(method, path, body) {
  const response = await fetch(ApiClient.getUrl(`Coax/${path}`), {
    method,
    headers: {
      Authorization: `MediaBrowser Token="${ApiClient.accessToken()}"`,
      Accept: 'application/json',
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  let value = null;
  try {
    value = text === '' ? null : JSON.parse(text);
  } catch {
    // A proxy's page; the status says enough.
  }
  if (!response.ok) throw new Error(reasonOf(value, response.status));
  return value;
}

function reasonOf(problem, status) {
  const fields = (problem?.fields ?? []).map(({ field, message }) => `${field} ${message}`);
  return [problem?.detail ?? `The server answered with HTTP ${status}`, ...fields, problem?.action]
    .filter(Boolean)
    .join('. ');
}

function element(tag, classes, text) {
  const made = document.createElement(tag);
  if (classes) made.className = classes;
  if (text !== undefined) made.textContent = text;
  return made;
}

function button(text, onClick) {
  // Styled by its classes: the web client's polyfill does not take the standard's second argument.
  const made = document.createElement('button');
  made.type = 'button';
  made.className = 'raised emby-button';
  made.append(element('span', '', text));
  made.addEventListener('click', () => {
    made.disabled = true;
    onClick()
      .catch((error) => Dashboard.alert(error.message))
      .finally(() => {
        made.disabled = false;
      });
  });
  return made;
}

function row(main, small, ...actions) {
  const made = element('div', 'coaxRow');
  const text = element('div', 'coaxGrow');
  text.append(element('div', '', main));
  for (const line of [small].flat())
    if (line) text.append(typeof line === 'string' ? element('div', 'coaxSmall', line) : line);
  made.append(text, ...actions);
  return made;
}

const plural = (count, one, many) => `${count} ${count === 1 ? one : many}`;

function when(ms) {
  return ms ? new Date(ms).toLocaleString() : 'never';
}

function partsOf(source) {
  const parts = source.state?.parts ?? [];
  if (parts.length === 0) return ['Not read yet'];
  return parts.map(({ part, count, lastSuccessAt, error }) => {
    const failed = error ? ` — ${error.message}` : '';
    return element(
      'div',
      failed ? 'coaxSmall coaxBad' : 'coaxSmall',
      `${count} ${part}, read ${when(lastSuccessAt)}${failed}`,
    );
  });
}

function jobLine(job) {
  const line = element('div', 'coaxSmall');
  const { stage, done, total } = job.progress ?? {};
  line.append(
    element('div', '', stage ? `${stage}${done ? `: ${done}${total ? ` of ${total}` : ''}` : ''}` : job.state),
  );
  const bar = document.createElement('progress');
  if (total) {
    bar.max = total;
    bar.value = done ?? 0;
  }
  line.append(bar);
  return line;
}

/** One page on the screen: what it shows, and what it asks while it is seen. */
class CoaxPage {
  constructor(view) {
    this.view = view;
    this.timer = 0;
    this.shown = 0;
    this.query = '';
    this.find('.coaxRestart').addEventListener('click', () => this.act(() => ask('POST', 'Restart')));
    this.find('.coaxProvision').addEventListener('click', () => this.act(() => ask('POST', 'Provision')));
    this.find('.coaxDatabaseSet').addEventListener('click', () => this.act(() => this.setDatabase()));
    this.find('.coaxAdd').addEventListener('submit', (event) => this.add(event));
    this.find('.coaxSettings').addEventListener('submit', (event) => this.saveSettings(event));
    this.find('#coaxKind').addEventListener('change', () => this.showLogin());
    this.find('.coaxMore').addEventListener('click', () => this.act(() => this.channels(true)));
    let typing = 0;
    this.find('#coaxSearch').addEventListener('input', (event) => {
      clearTimeout(typing);
      typing = setTimeout(() => {
        this.query = event.target.value;
        this.channels(false).catch(() => {});
      }, 250);
    });
  }

  find(selector) {
    return this.view.querySelector(selector);
  }

  start() {
    this.stop();
    this.showLogin();
    void this.loadSettings();
    void this.loadDatabase();
    const look = async () => {
      await this.refresh();
      this.timer = setTimeout(look, pollMs);
    };
    this.timer = setTimeout(look, 0);
    this.channels(false).catch(() => {});
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = 0;
  }

  async act(work) {
    try {
      Dashboard.showLoadingMsg();
      await work();
      await this.refresh();
    } catch (error) {
      Dashboard.alert(error.message);
    } finally {
      Dashboard.hideLoadingMsg();
    }
  }

  async refresh() {
    try {
      this.showStatus(await ask('GET', 'Status'));
    } catch (error) {
      this.find('.coaxPhase').textContent = 'Unknown';
      this.find('.coaxMessage').textContent = error.message;
      return;
    }
    if (!this.ready) return;
    try {
      const [sources, jobs, streams] = await Promise.all([
        ask('GET', 'Api/sources'),
        ask('GET', 'Api/jobs'),
        ask('GET', 'Api/streams'),
      ]);
      this.showSources(sources, jobs);
      this.showStreams(streams);
      const running = jobs.some((job) => job.endedAt === null);
      if (this.wasRunning && !running) await this.channels(false);
      this.wasRunning = running;
      if (this.shown === 0) await this.channels(false);
    } catch (error) {
      this.find('.coaxMessage').textContent = error.message;
    }
  }

  showStatus(status) {
    const phase = this.find('.coaxPhase');
    this.ready = status.Phase === 'Ready';
    phase.textContent =
      { Ready: 'Running', Starting: 'Starting', Restarting: 'Restarting', Failed: 'Not running', Stopped: 'Stopped' }[
        status.Phase
      ] ?? status.Phase;
    phase.className = `coaxPhase ${this.ready ? 'coaxGood' : status.Phase === 'Failed' ? 'coaxBad' : ''}`;
    this.find('.coaxMessage').textContent = status.Message ?? '';
    this.find('.coaxVersions').textContent = [
      `Plugin ${status.PluginVersion}`,
      status.EngineVersion && `engine ${status.EngineVersion}`,
    ]
      .filter(Boolean)
      .join(', ');
    const missing = [
      status.HasTuner ? '' : 'the tuner is missing',
      status.HasGuide ? '' : 'the guide is missing',
    ].filter(Boolean);
    this.find('.coaxSetup').hidden = missing.length === 0;
    this.find('.coaxMissing').textContent = missing.join(', ');
  }

  showSources(sources, jobs) {
    const list = this.find('.coaxSources');
    if (list.contains(document.activeElement)) return;
    if (sources.length === 0) {
      list.replaceChildren(element('p', '', 'No provider yet. Add one below.'));
      return;
    }
    list.replaceChildren(
      ...sources.map((source) => {
        const job = jobs.find((one) => one.sourceId === source.id && one.endedAt === null);
        const id = encodeURIComponent(source.id);
        return row(
          `${source.name} (${source.kind})`,
          job ? jobLine(job) : partsOf(source),
          button('Test', async () => {
            const result = await ask('POST', `Api/sources/${id}/test`);
            const limits = result.maxConnections
              ? `; ${plural(result.maxConnections, 'connection', 'connections')}`
              : '';
            Dashboard.alert({
              title: result.ok ? 'It works' : 'It does not work',
              message: `${result.message}${limits}`,
            });
          }),
          button('Refresh', async () => {
            await ask('POST', `Api/sources/${id}/refresh`);
            await this.refresh();
          }),
          button('Remove', async () => {
            if (!window.confirm(`Remove ${source.name} with all its channels?`)) return;
            await ask('DELETE', `Api/sources/${id}`);
            await this.refresh();
            await this.channels(false);
          }),
        );
      }),
    );
  }

  showStreams(streams) {
    const list = this.find('.coaxStreams');
    if (list.contains(document.activeElement)) return;
    if (streams.length === 0) {
      list.replaceChildren(element('p', 'coaxSmall', 'Nothing plays.'));
      return;
    }
    list.replaceChildren(
      ...streams.map((stream) => {
        const viewers = [
          ...new Set([
            ...(stream.watchers ?? []),
            ...(stream.heldFor ?? []).map(({ label }) => label),
            ...stream.consumers.map(({ viewer }) => viewer.label),
          ]),
        ];
        const rate = stream.bitRate ? `${(stream.bitRate / 1e6).toFixed(1)} Mbit/s` : '';
        return row(
          stream.title,
          [stream.state, rate, viewers.join(', ')].filter(Boolean).join(' · '),
          button('Stop', async () => {
            await ask('DELETE', `Api/streams/${encodeURIComponent(stream.id)}`);
            await this.refresh();
          }),
        );
      }),
    );
  }

  async channels(more) {
    if (!this.ready) return;
    const query = new URLSearchParams({ limit: String(pageSize) });
    if (this.query) query.set('q', this.query);
    if (more && this.next) query.set('cursor', this.next);
    const asked = this.query;
    const page = await ask('GET', `Api/channels?${query}`);
    if (asked !== this.query) return;
    const rows = page.items.map((channel) =>
      row(`${channel.number ? `${channel.number} ` : ''}${channel.name}`, channel.groups.join(', ')),
    );
    const list = this.find('.coaxChannels');
    if (more) list.append(...rows);
    else
      list.replaceChildren(
        ...(rows.length > 0
          ? rows
          : [element('p', 'coaxSmall', this.query ? 'No channel has this name.' : 'No channels yet.')]),
      );
    this.shown = list.childElementCount;
    this.next = page.next;
    this.find('.coaxMore').hidden = page.next === null;
    this.find('.coaxChannelCount').textContent = page.total ? `(${page.total})` : '';
  }

  showLogin() {
    const isXtream = this.find('#coaxKind').value === 'xtream';
    for (const field of this.view.querySelectorAll('.coaxLogin')) field.hidden = !isXtream;
  }

  add(event) {
    event.preventDefault();
    const text = (id) => this.find(id).value.trim();
    const kind = text('#coaxKind');
    const max = text('#coaxMax');
    const failure = this.find('.coaxFormError');
    failure.hidden = true;
    const body = {
      kind,
      name: text('#coaxName'),
      url: text('#coaxUrl'),
      ...(kind === 'xtream' ? { username: text('#coaxUser'), password: this.find('#coaxPassword').value } : {}),
      ...(text('#coaxEpg') ? { epgUrl: text('#coaxEpg') } : {}),
      ...(max === '' ? {} : { maxConnections: Number(max) }),
    };
    Dashboard.showLoadingMsg();
    ask('POST', 'Api/sources', body)
      .then(async (source) => {
        event.target.reset();
        this.showLogin();
        await this.refresh();
        const result = await ask('POST', `Api/sources/${encodeURIComponent(source.id)}/test`);
        Dashboard.alert({
          title: result.ok ? 'Added' : 'Added, but the login does not work yet',
          message: result.message,
        });
      })
      .catch((error) => {
        failure.textContent = error.message;
        failure.hidden = false;
      })
      .finally(() => Dashboard.hideLoadingMsg());
  }

  async loadDatabase() {
    try {
      this.showDatabase(await ask('GET', 'Database'));
    } catch {
      // The rest of the page works without.
    }
  }

  async setDatabase() {
    const on = !this.database.On;
    const question = on
      ? `Set ${this.database.Option} in the server's database.xml?`
      : `Remove ${this.database.Option} from the server's database.xml?`;
    if (window.confirm(question)) this.showDatabase(await ask(on ? 'PUT' : 'DELETE', 'Database'));
  }

  showDatabase(state) {
    this.database = state;
    const text = !state.Supported
      ? 'This server has no such option.'
      : state.On
        ? `On: ${state.Ours ? state.Option : 'set by hand'}.`
        : `Off. The button sets ${state.Option}.`;
    const restart = state.NeedsRestart ? ' Restart the server for this to take effect.' : '';
    this.find('.coaxDatabaseState').textContent = [`${text}${restart}`, state.Message].filter(Boolean).join(' ');
    const set = this.find('.coaxDatabaseSet');
    set.hidden = !state.Supported || !state.Ours;
    set.querySelector('span').textContent = state.On ? 'Undo' : 'Make guide refreshes cheaper';
    this.find('.coaxDatabase').hidden = false;
  }

  async loadSettings() {
    try {
      const settings = await ApiClient.getPluginConfiguration(pluginId);
      for (const [name, selector] of Object.entries(settingFields)) {
        const field = this.find(selector);
        if (field.type === 'checkbox') field.checked = settings[name] === true;
        else field.value = settings[name] ?? '';
      }
    } catch {
      // The page shows what the engine says; its settings can be tried again.
    }
  }

  saveSettings(event) {
    event.preventDefault();
    void this.act(async () => {
      const settings = await ApiClient.getPluginConfiguration(pluginId);
      for (const [name, selector] of Object.entries(settingFields)) {
        const field = this.find(selector);
        if (field.type === 'checkbox') settings[name] = field.checked;
        else settings[name] = field.type === 'number' ? Number(field.value || 0) : field.value.trim();
      }
      Dashboard.processPluginConfigurationUpdateResult(await ApiClient.updatePluginConfiguration(pluginId, settings));
    });
  }
}

export default function (view) {
  const page = new CoaxPage(view);
  view.addEventListener('viewshow', () => page.start());
  view.addEventListener('viewhide', () => page.stop());
  view.addEventListener('viewdestroy', () => page.stop());
}
