#include "cli/completion/scripts.h"

#include <string.h>

#include "base/base.h"

/*
 * Bash breaks words at '=' and ':', so the words are taken from the line itself, and a candidate
 * loses what stands before the piece that bash will replace.
 */
static const char bash[] =
	"# bash completion of constable(1)\n"
	"_constable() {\n"
	"\tlocal line=${COMP_LINE:0:COMP_POINT} piece=${COMP_WORDS[COMP_CWORD]} before candidate\n"
	"\tlocal -a words found\n"
	"\tread -ra words <<<\"$line\"\n"
	"\tif [[ $line == *[[:space:]] ]]; then words+=(\"\"); fi\n"
	"\tif [[ $piece == [=:] ]]; then piece=; fi\n"
	"\tbefore=${words[-1]%\"$piece\"}\n"
	"\tCOMPREPLY=()\n"
	"\twhile IFS= read -r candidate; do\n"
	"\t\tcase $candidate in\n"
	"\t\t:files | :folders)\n"
	"\t\t\tcompopt -o filenames\n"
	"\t\t\tif [[ $candidate == :files ]]; then mapfile -t found < <(compgen -f -- \"$piece\")\n"
	"\t\t\telse mapfile -t found < <(compgen -d -- \"$piece\"); fi\n"
	"\t\t\tCOMPREPLY+=(\"${found[@]}\")\n"
	"\t\t\t;;\n"
	"\t\t*)\n"
	"\t\t\tcandidate=${candidate%%$'\\t'*}\n"
	"\t\t\tif [[ $candidate == *= ]]; then compopt -o nospace; fi\n"
	"\t\t\tCOMPREPLY+=(\"${candidate#\"$before\"}\")\n"
	"\t\t\t;;\n"
	"\t\tesac\n"
	"\tdone < <(\"${words[0]}\" completion candidates -- \"${words[@]:1}\" 2>/dev/null)\n"
	"}\n"
	"complete -F _constable constable\n";

static const char zsh[] =
	"#compdef constable\n"
	"# zsh completion of constable(1)\n"
	"_constable() {\n"
	"\tlocal candidate word\n"
	"\tlocal -a described keys\n"
	"\tfor candidate in \"${(@f)$(\"${(Q)words[1]}\" completion candidates -- "
	"\"${(@Q)words[2,CURRENT]}\" 2>/dev/null)}\"; do\n"
	"\t\tword=${${candidate%%$'\\t'*}//:/\\\\:}\n"
	"\t\tcase $candidate in\n"
	"\t\t:files) _files ;;\n"
	"\t\t:folders) _files -/ ;;\n"
	"\t\t'') ;;\n"
	"\t\t*=$'\\t'*) keys+=(\"$word:${candidate#*$'\\t'}\") ;;\n"
	"\t\t*) described+=(\"$word:${candidate#*$'\\t'}\") ;;\n"
	"\t\tesac\n"
	"\tdone\n"
	"\t(($#keys)) && _describe -t arguments argument keys -S ''\n"
	"\t(($#described)) && _describe -t candidates constable described\n"
	"}\n"
	"if [ \"$funcstack[1]\" = _constable ]; then _constable \"$@\"; else compdef _constable "
	"constable; fi\n";

static const char fish[] =
	"# fish completion of constable(1)\n"
	"function __constable_candidates\n"
	"\tset -l words (commandline -opc)\n"
	"\tset -l piece (commandline -ct)\n"
	"\tfor candidate in ($words[1] completion candidates -- $words[2..-1] \"$piece\" "
	"2>/dev/null)\n"
	"\t\tswitch $candidate\n"
	"\t\t\tcase :files\n"
	"\t\t\t\t__fish_complete_path \"$piece\"\n"
	"\t\t\tcase :folders\n"
	"\t\t\t\t__fish_complete_directories \"$piece\"\n"
	"\t\t\tcase '*'\n"
	"\t\t\t\techo $candidate\n"
	"\t\tend\n"
	"\tend\n"
	"end\n"
	"complete -c constable -f -a '(__constable_candidates)'\n";

const char *completion_script(const char *shell)
{
	static const struct {
		const char *shell, *text;
	} scripts[] = { { "bash", bash }, { "fish", fish }, { "zsh", zsh } };

	for (size_t i = 0; i < ARRAY_LEN(scripts); i++)
		if (strcmp(scripts[i].shell, shell) == 0)
			return scripts[i].text;
	return NULL;
}
