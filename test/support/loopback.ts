/** Tests talk to the loopback only: a proxy that this machine has for others must not get their requests, nor those of the programs they start. */
for (const name of ['no_proxy', 'NO_PROXY']) process.env[name] = '127.0.0.1,localhost';
