# Writes the man pages from what the programs print of themselves and from the sample configuration.
#   cmake -D CARDSTOCK=… -D SIMULATOR=… -D CONFIG=… -D VERSION=… -D FOLDER=… -P man_pages.cmake
set(head "Cardstock ${VERSION}")

# Text as it stands, fit for roff.
function(as_roff text out)
  string(REPLACE "\\" "\\e" text "${text}")
  string(REPLACE "-" "\\-" text "${text}")
  string(REGEX REPLACE "(^|\n)([.'])" "\\1\\\\&\\2" text "${text}")
  set(${out} ".nf\n${text}\n.fi\n" PARENT_SCOPE)
endfunction()

function(help_of program arguments out)
  execute_process(COMMAND ${program} ${arguments} --help OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
  string(STRIP "${text}" text)
  as_roff("${text}" text)
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

help_of("${CARDSTOCK}" "" all)
set(page ".TH CARDSTOCK 1 \"\" \"${head}\"\n.SH NAME\ncardstock \\- ThreatConnect cards for Recorded Future\n.SH SYNOPSIS\n.B cardstock\n[OPTIONS] COMMAND\n.SH DESCRIPTION\n${all}")
string(REGEX MATCHALL "\n  [a-z]+  +[A-Z]" rows "${all}")
foreach(row IN LISTS rows)
  string(REGEX REPLACE "\n  ([a-z]+) .*" "\\1" command "${row}")
  help_of("${CARDSTOCK}" "${command}" text)
  string(TOUPPER "${command}" title)
  string(APPEND page ".SH ${title}\n${text}")
endforeach()
string(APPEND page ".SH SEE ALSO\n.BR cardstock (8),\n.BR cardstock.toml (5)\n")
file(WRITE "${FOLDER}/cardstock.1" "${page}")

help_of("${CARDSTOCK}" serve serve)
file(WRITE "${FOLDER}/cardstock.8" ".TH CARDSTOCK 8 \"\" \"${head}\"\n.SH NAME\ncardstock \\- the service\n.SH DESCRIPTION
.B cardstock.service
runs
.B cardstock serve
as the user cardstock; it logs to the journal, one event a line.
${serve}.SH FILES
.TP
.I /etc/cardstock/cardstock.toml
the configuration; secrets lie beside it, root:cardstock, mode 0640
.TP
.I /var/lib/cardstock/cardstock.db
the cache; the file
.I cardstock.db.key
beside it belongs to it
.SH SEE ALSO
.BR cardstock (1),
.BR cardstock.toml (5)
")

file(READ "${CONFIG}" text)
string(STRIP "${text}" text)
as_roff("${text}" text)
file(WRITE "${FOLDER}/cardstock.toml.5" ".TH CARDSTOCK.TOML 5 \"\" \"${head}\"\n.SH NAME\ncardstock.toml \\- configuration of cardstock\n.SH DESCRIPTION\nA file in TOML. Below stands every setting with its default.\n${text}.SH SEE ALSO\n.BR cardstock (1),\n.BR cardstock (8)\n")

help_of("${SIMULATOR}" "" text)
file(WRITE "${FOLDER}/cardstock-threatconnect.1" ".TH CARDSTOCK\\-THREATCONNECT 1 \"\" \"${head}\"\n.SH NAME\ncardstock\\-threatconnect \\- a ThreatConnect simulator\n.SH DESCRIPTION\n${text}Sample data: /usr/share/cardstock/simulator/sample.json; its README explains them.\n.SH SEE ALSO\n.BR cardstock (1)\n")
