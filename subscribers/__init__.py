"""People: who they are, what they asked for, what they agreed to, and who is never to be mailed.

Takes: addresses, files of people, people's own decisions on the pages. Gives: conditions and queries over those who may
receive now, persons to show, exports. Knows: `mailer.base` and nothing else.

Ask the modules by their names: `audiences` (segments that people join, `recipients`), `joining` (sign up, confirm, change,
leave), `suppression`, `people` (find, list, add), `importing`, `export`, `erasure`, `segments`, `addresses`.
"""
