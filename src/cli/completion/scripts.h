/* What makes a shell ask `constable completion candidates`. */
#pragma once

/* For "bash", "zsh" or "fish"; NULL for another. */
const char *completion_script(const char *shell);
