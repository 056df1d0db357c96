// What all our code systems say of themselves; their concepts are in generated.fsh.

RuleSet: OwnCodes
* ^status = #draft
* ^experimental = false
* ^caseSensitive = true
* ^content = #complete
* ^copyright = "AIQA Integration project, Apache-2.0"
