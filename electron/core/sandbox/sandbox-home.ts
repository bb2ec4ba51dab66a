/** HOME of a confined command. No workspace and no toolchain lies there: below /run of the sandbox's own there is nothing of the host's. */
export const sandboxHome = '/run/home';
