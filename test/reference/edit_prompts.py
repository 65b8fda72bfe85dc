"""Prompts of edit models, built a second time: edits of documents in, the text that a model reads out.

Independent of engine/complete/edits/: written from the descriptions of the formats, before it, and sharing nothing with it.
Reads one history a line as JSON and writes one answer a line. Standard library only.

A history: {"path", "cursor", "linesBefore", "linesAfter", "files": [{"path", "text"}], "events": [
  {"type": "open", "path", "text"} | {"type": "rename", "from", "to"}
  | {"type": "change", "path", "at", "reason", "offset", "removed", "inserted"}]}
Offsets are UTF-16 units. An answer has for each format {"prompt", "window", "original", "maxTokens"} or {"silence"}.
"""

import json
import re
import sys

JOINED_LINES, JOINED_MS, MOST_HUNKS, MOST_BYTES, SENT = 8, 1000, 10, 6 << 10, 6
CONTEXT, LONGEST_CONTEXT = 3, 512


# Texts are strings of UTF-16 units, so that an index is an offset.
def units(text):
    raw = text.encode("utf-16-le", "surrogatepass")
    return "".join(chr(raw[i] | raw[i + 1] << 8) for i in range(0, len(raw), 2))


def text_of(string):
    raw = b"".join(ord(c).to_bytes(2, "little") for c in string)
    return raw.decode("utf-16-le", "replace")


def size(string):
    return len(text_of(string).encode("utf-8"))


def tokens(string):
    return size(string) // 3


def split(text):
    return re.split(r"\r\n|\r|\n", text)


def lines_of_file(text, keep_last):
    """The lines of a document. The empty one that a final line end leaves counts only where the cursor is on it."""
    lines = split(text)
    if len(lines) > 1 and lines[-1] == "" and not keep_last:
        lines.pop()
    return lines


def line_starts(text):
    return [0] + [m.end() for m in re.finditer(r"\r\n|\r|\n", text)]


def line_at(text, offset):
    return sum(1 for start in line_starts(text) if start <= offset) - 1


# ---- history ----------------------------------------------------------------------------------------------------


class Document:
    def __init__(self, path, text):
        self.path, self.text, self.hunks = path, text, []


def shift(place, offset, removed, inserted):
    """[start, end) after a change outside it; None where the change reaches in."""
    start, end = place
    if offset >= end:
        return place
    if offset + removed > start:
        return None
    by = len(inserted) - removed
    return (start + by, end + by)


def follow(hunk, change):
    if hunk["stands"]:
        there = shift((hunk["start"], hunk["end"]), *change)
        if there is None:
            hunk["stands"] = False
        else:
            hunk["start"], hunk["end"] = there


def change_document(document, history, event):
    make_change(document, history, event)
    if event["reason"] in ("bulk", "reload"):
        for hunk in document.hunks:
            history.remove(hunk)
        document.hunks = []


def make_change(document, history, event):
    old = document.text
    offset, removed, inserted = event["offset"], event["removed"], units(event["inserted"])
    gone = old[offset : offset + removed]
    head = 0
    while head < min(len(gone), len(inserted)) and gone[head] == inserted[head]:
        head += 1
    tail = 0
    while tail < min(len(gone), len(inserted)) - head and gone[-1 - tail] == inserted[-1 - tail]:
        tail += 1
    offset, removed = offset + head, removed - head - tail
    inserted = inserted[head : len(inserted) - tail]
    if removed == 0 and inserted == "":
        return
    change = (offset, removed, inserted)
    new = old[:offset] + inserted + old[offset + removed :]
    document.text = new
    reason = event["reason"]

    start = old.rfind("\n", 0, offset) + 1
    end = old.find("\n", offset + removed)
    end = len(old) if end == -1 else end
    newest = document.hunks[-1] if document.hunks else None
    joins = False
    if newest and newest["stands"] and (reason in ("undo", "redo") or event["at"] - newest["at"] <= JOINED_MS):
        (_, first_end), (second_start, _) = sorted([(newest["start"], newest["end"]), (start, end)], key=lambda p: p[0])
        apart = 0 if second_start <= first_end else old[first_end:second_start].count("\n")
        joins = apart <= JOINED_LINES
    if reason not in ("typed", "accepted") and not joins:
        for hunk in document.hunks:
            follow(hunk, change)
    else:
        before, accepted = old[start:end], reason == "accepted"
        if joins:
            document.hunks.pop()
            history.remove(newest)
            wide = (min(start, newest["start"]), max(end, newest["end"]))
            before = old[wide[0] : newest["start"]] + newest["before"] + old[newest["end"] : wide[1]]
            start, end = wide
            accepted = accepted or newest["accepted"]
        for hunk in document.hunks:
            follow(hunk, change)
        end += len(inserted) - removed
        after = new[start:end]
        if after != before and size(after) + size(before) <= MOST_BYTES:
            hunk = {
                "document": document, "path": document.path, "from": None, "start": start, "end": end, "before": before,
                "after": after, "stands": True, "at": event["at"], "accepted": accepted, "line": new.count("\n", 0, start),
                "above": context_above(new, start), "below": context_below(new, end),
            }
            document.hunks.append(hunk)
            history.append(hunk)
            for extra in document.hunks[:-MOST_HUNKS]:
                history.remove(extra)
            document.hunks = document.hunks[-MOST_HUNKS:]


def context_above(text, start):
    lines = text[:start].split("\n")[:-1]
    found = []
    for line in reversed(lines[-CONTEXT:]):
        if len(line) > LONGEST_CONTEXT:
            break
        found.insert(0, line)
    return found


def context_below(text, end):
    found = []
    lines = text[end:].split("\n")[1:]
    if lines and lines[-1] == "":
        lines.pop()
    for line in lines[:CONTEXT]:
        if len(line) > LONGEST_CONTEXT:
            break
        found.append(line)
    return found


def play(events):
    documents, history = {}, []
    for event in events:
        if event["type"] == "open":
            documents[event["path"]] = Document(event["path"], units(event["text"]))
        elif event["type"] == "rename":
            document = documents.pop(event["from"])
            document.path = event["to"]
            documents[event["to"]] = document
            history.append({
                "document": document, "path": event["to"], "from": event["from"], "before": "", "after": "",
                "stands": False, "accepted": False, "line": 0, "above": [], "below": [],
            })
        else:
            change_document(documents[event["path"]], history, event)
    return documents, history


def side(hunk, name, context):
    """The lines of one side of a hunk, with lines of context."""
    lines = [strip_return(line) for line in split_hunk(hunk[name])]
    above = [strip_return(line) for line in hunk["above"]][max(0, len(hunk["above"]) - context) :]
    below = [strip_return(line) for line in hunk["below"]][:context]
    return above, lines, below


def strip_return(line):
    return line[:-1] if line.endswith("\r") else line


def split_hunk(text):
    return split(text[:-1] if text.endswith("\r") else text)


# ---- differences -------------------------------------------------------------------------------------------------


def differences(old, new):
    """(sign, line) of a shortest difference. Equal lines pair as soon as they can; else what is gone comes first."""
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    a, b = old[head : len(old) - tail], new[head : len(new) - tail]
    middle = []
    if len(a) * len(b) > 1_000_000:
        middle = [("-", line) for line in a] + [("+", line) for line in b]
    else:
        longest = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
        for i in reversed(range(len(a))):
            for j in reversed(range(len(b))):
                if a[i] == b[j]:
                    longest[i][j] = longest[i + 1][j + 1] + 1
                else:
                    longest[i][j] = max(longest[i + 1][j], longest[i][j + 1])
        i = j = 0
        while i < len(a) or j < len(b):
            if i < len(a) and j < len(b) and a[i] == b[j]:
                middle.append((" ", a[i]))
                i, j = i + 1, j + 1
            elif i < len(a) and (j == len(b) or longest[i + 1][j] >= longest[i][j + 1]):
                middle.append(("-", a[i]))
                i += 1
            else:
                middle.append(("+", b[j]))
                j += 1
    return [(" ", line) for line in old[:head]] + middle + [(" ", line) for line in old[len(old) - tail :]]


def unified(hunk):
    above, old, below = side(hunk, "before", CONTEXT)
    new = side(hunk, "after", CONTEXT)[1]
    rows = differences(above + old + below, above + new + below)
    changed = [index for index, (sign, _) in enumerate(rows) if sign != " "]
    groups = []
    for index in changed:
        if groups and index - groups[-1][1] - 1 <= 2 * CONTEXT:
            groups[-1][1] = index
        else:
            groups.append([index, index])
    first = hunk["line"] - len(above)
    text = ""
    for begin, last in groups:
        begin, end = max(0, begin - CONTEXT), min(len(rows), last + CONTEXT + 1)
        old_before = sum(1 for sign, _ in rows[:begin] if sign != "+")
        new_before = sum(1 for sign, _ in rows[:begin] if sign != "-")
        old_count = sum(1 for sign, _ in rows[begin:end] if sign != "+")
        new_count = sum(1 for sign, _ in rows[begin:end] if sign != "-")
        text += f"@@ -{first + old_before + 1},{old_count} +{first + new_before + 1},{new_count} @@\n"
        text += "".join(f"{sign}{line}\n" for sign, line in rows[begin:end])
    return text


# ---- what is never sent -------------------------------------------------------------------------------------------

SECRETS = [
    r"-----BEGIN [A-Z ]*PRIVATE KEY",
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    r"\bgh[pousr]_[A-Za-z0-9]{36}",
    r"\bgithub_pat_[A-Za-z0-9_]{22}",
    r"\bglpat-[A-Za-z0-9_-]{20}",
    r"\bnpm_[A-Za-z0-9]{36}",
    r"\bxox[abeoprs]-[A-Za-z0-9-]{10}",
    r"\bsk[-_](?:live_|test_|ant-|proj-)?[A-Za-z0-9_-]{20}",
    r"\bAIza[0-9A-Za-z_-]{35}",
    r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10}",
    r"\b[a-z][a-z0-9+.-]*://[^\s/:@'\"`<>{}$]+:[^\s/:@'\"`<>{}$]{3,}@",
]
ASSIGNED = (
    r"(?:password|passwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key)[\"']?\s*[:=]\s*[\"']"
    r"(?=[^\"'\s]*[0-9])(?=[^\"'\s]*[A-Za-z])[^\"'\s]{16,}[\"']"
)


def has_secret(text):
    return any(re.search(p, text, re.ASCII) for p in SECRETS) or bool(re.search(ASSIGNED, text, re.I | re.ASCII))


def refusal(text, marks):
    if any(mark in text for mark in marks):
        return "model-marks"
    return "model-secret" if has_secret(text) else None


def hunk_is_clean(hunk, marks):
    texts = [hunk["path"], hunk["from"] or "", hunk["before"], hunk["after"], *hunk["above"], *hunk["below"]]
    return all(refusal(text, marks) is None for text in texts)


# ---- windows ------------------------------------------------------------------------------------------------------


class Window:
    """Lines [first, last) of a document."""

    def __init__(self, text, cursor):
        self.text, self.cursor = text, cursor
        self.line = line_at(text, cursor)
        self.lines = lines_of_file(text, self.line == len(line_starts(text)) - 1)
        self.starts = line_starts(text)
        self.column = cursor - self.starts[self.line]
        self.column = min(self.column, len(self.lines[self.line]))

    def take(self, first, last):
        self.first, self.last = first, last
        self.start = self.starts[first]
        self.end = self.starts[last - 1] + len(self.lines[last - 1])
        self.rows = self.lines[first:last]

    def marked(self, mark):
        at = self.line - self.first
        rows = list(self.rows)
        rows[at] = rows[at][: self.column] + mark + rows[at][self.column :]
        return "\n".join(rows)


def around_cursor(window, above, below, before, after):
    """Takes the cursor's line with some above and below; the last window, of which `before` and `after` lines are outside, where it still fits."""
    line, count = window.line, len(window.lines)
    if before is not None:
        last = min(len(window.starts) - after, count)
        fits = before <= line < last and (before == 0 or line >= before + above - 3) and line <= before + above + 6
        if fits and (last == count or last - line > 4) and last - before <= above + below + 7:
            window.take(before, last)
            return
    first, last, room = max(0, line - above), line + 1, 130
    while last < min(count, first + above + 1 + below):
        room -= (size(window.lines[last]) + 3) // 3
        if room < 0 and last - line > 4:
            break
        last += 1
    window.take(first, last)


def grow(lines, first, last, budget):
    """Whole lines around [first, last), above and below in turn, as long as they fit."""
    up = down = True
    while up or down:
        if up:
            cost = (size(lines[first - 1]) + 3) // 3 if first > 0 else None
            up = cost is not None and cost <= budget
            if up:
                first, budget = first - 1, budget - cost
        if down:
            cost = (size(lines[last]) + 3) // 3 if last < len(lines) else None
            down = cost is not None and cost <= budget
            if down:
                last, budget = last + 1, budget - cost
    return first, last


def open_hunk(document, window):
    """The newest hunk of the document, where its text is in the window."""
    hunk = document.hunks[-1] if document.hunks else None
    if hunk and hunk["stands"] and hunk["start"] <= window.end and hunk["end"] >= window.start:
        return hunk
    return None


def mapped_back(window, hunk):
    """The window's text before a hunk, in plain line ends."""
    text = window.text[window.start : window.end]
    if hunk:
        head = window.text[window.start : max(window.start, hunk["start"])]
        tail = window.text[min(window.end, hunk["end"]) : window.end]
        text = head + (hunk["before"] + tail if tail else strip_return(hunk["before"]))
    return "\n".join(split(text))


def before_all_edits(document):
    """The document without those of its edits that are still as they were made."""
    text, taken = document.text, []
    for hunk in reversed(document.hunks):
        overlaps = any(hunk["start"] < end and hunk["end"] > start or hunk["start"] == start for start, end, _ in taken)
        if hunk["stands"] and not overlaps:
            taken.append((hunk["start"], hunk["end"], hunk["before"]))
    for start, end, before in sorted(taken, reverse=True, key=lambda one: one[0]):
        text = text[:start] + before + text[end:]
    return text


# ---- formats ------------------------------------------------------------------------------------------------------


def last_that_fit(pieces, room):
    """The longest tail of pieces whose estimated tokens fit."""
    kept = []
    for piece in reversed(pieces):
        room -= tokens(piece)
        if room < 0:
            break
        kept.insert(0, piece)
    return kept, room


def first_that_fit(pieces, room):
    kept = []
    for piece in pieces:
        if tokens(piece) <= room:
            room -= tokens(piece)
            kept.append(piece)
    return kept


def chomped(text):
    text = "\n".join(split(text))
    return text[:-1] if text.endswith("\n") else text


def limit(lines):
    return lines if len(lines) <= 40 else lines[:20] + ["..."] + lines[-19:]


def cut_long(line):
    return line[:600] if len(line) > 1000 else line


def cap(window_text, most):
    return min(most, (3 * tokens(window_text) + 1) // 2 + 64)


def too_long(window, most):
    return tokens("\n".join(window.rows)) > most or any(len(line) > 1000 for line in window.rows)


def sent(history, skipped, marks):
    past = [hunk for hunk in history if hunk is not skipped and (hunk["from"] or hunk["before"] != hunk["after"])]
    return [hunk for hunk in past if hunk_is_clean(hunk, marks)]


def sweep1(document, history, window, case, files):
    marks = ["<|file_sep|>", "<|endoftext|>"]
    around_cursor(window, 10, 10, case["linesBefore"], case["linesAfter"])
    hunk = open_hunk(document, window)
    current, original = "\n".join(window.rows), mapped_back(window, hunk)
    for text in (document.path, original, current):
        if refusal(text, marks):
            return {"silence": refusal(text, marks)}
    if too_long(window, 512):
        return {"silence": "model-window"}
    sep, path = "<|file_sep|>", document.path
    end = f"{sep}original/{path}\n{original}\n{sep}current/{path}\n{current}\n{sep}updated/{path}"
    diffs = []
    for past in sent(history, hunk, marks)[-SENT:]:
        if past["from"]:
            old, new = [f"path: {past['from']}"], [f"path: {past['path']}"]
        else:
            above, old, below = side(past, "before", 3)
            old = limit(above + old + below)
            new = limit(above + side(past, "after", 3)[1] + below)
        diffs.append("\n".join([f"{sep}{past['path']}.diff", "original:", *old, "updated:", *new]) + "\n")
    chunks = [f"{sep}{f['path']}\n{chomped(f['text'])}\n" for f in files if file_is_clean(f, marks)]
    room = 8192 - 512 - tokens(end)
    kept, room = last_that_fit(diffs, room)
    prompt = "".join(first_that_fit(chunks, room)) + "".join(kept) + end
    return answer(prompt, current, f"\n{current}\n", cap(current, 512))


def file_is_clean(file, marks):
    return refusal(file["path"], marks) is None and refusal(file["text"], marks) is None


def answer(prompt, window, original, most):
    return {"prompt": prompt, "window": window, "original": original, "maxTokens": most}


def sweep2(document, history, window, case, files):
    marks = ["<|file_sep|>", "<|endoftext|>", "<|cursor|>"]
    around_cursor(window, 10, 10, case["linesBefore"], case["linesAfter"])
    hunk = open_hunk(document, window)
    path, current, original = document.path, "\n".join(window.rows), mapped_back(window, hunk)
    initial_lines = lines_of_file(before_all_edits(document), False)
    if len(initial_lines) > 300:
        first = max(0, (window.line - 150) // 50 * 50)
        initial_lines = initial_lines[first : first + 350]
    initial = "\n".join(cut_long(line) for line in initial_lines)
    for text in (path, original, current, initial):
        if refusal(text, marks):
            return {"silence": refusal(text, marks)}
    if too_long(window, 1024):
        return {"silence": "model-window"}
    sep, marked = "<|file_sep|>", window.marked("<|cursor|>")
    block = original
    if block.endswith("\n") and marked.endswith("\n"):
        block, marked = block[:-1], marked[:-1]
    at = f"{path}:{window.first + 1}:{window.last}"
    above_cursor = window.rows[: window.line - window.first]
    grew = hunk is not None and len(split(original)) < len(window.rows) and hunk["start"] < window.starts[window.line]
    if grew:
        lead = above_cursor[:1]
        while len(lead) < len(above_cursor) and lead and above_cursor[len(lead)].strip() == "":
            lead.append(above_cursor[len(lead)])
    else:
        lead = above_cursor
    prefill = "".join(line + "\n" for line in lead)
    end = f"{sep}original/{at}\n{block}\n{sep}current/{at}\n{marked}\n{sep}updated/{at}\n{prefill}"
    diffs = []
    for past in sent(history, hunk, marks):
        if past["from"]:
            continue
        above, old, below = side(past, "before", 1)
        new = side(past, "after", 1)[1]
        first = past["line"] - len(above) + 1
        numbers = f"{first}:{first + len(above) + len(new) + len(below) - 1}"
        old_text = "\n".join(cut_long(line) for line in above + old + below).strip("\n")
        new_text = "\n".join(cut_long(line) for line in above + new + below).strip("\n")
        if "".join(old).strip() == "" and "".join(new).strip() == "":
            continue
        diffs.append(f"{sep}{past['path']}:{numbers}\noriginal:\n{old_text}\nupdated:\n{new_text}")
    head = f"{sep}{path}\n{initial}\n"
    chunks = [f"{sep}{f['path']}\n{chomped(f['text'])}\n" for f in files if file_is_clean(f, marks)]
    room = 8192 - 1024 - tokens(head) - tokens(end)
    if room < 0:
        return {"silence": "model-window"}
    kept, room = last_that_fit(diffs[-SENT:], room)
    prompt = "".join(first_that_fit(chunks, room)) + head + "\n".join(kept) + "\n" + end
    return answer(prompt, current, current[len(prefill) :] + "\n", cap(current, 1024))


FENCE = "```"
ZETA_HEAD = (
    "### Instruction:\nYou are a code completion assistant and your task is to analyze user edits and then rewrite an "
    "excerpt that the user provides, suggesting the appropriate edits within the excerpt, taking into account the cursor "
    "location.\n\n### User Edits:\n\n"
)


def zeta_region(path, window, marks):
    """Takes the region into the window: the lines shown around it, their range, and why it may not be asked about."""
    first, last = grow(window.lines, window.line, window.line + 1, 350)
    outer_first, outer_last = grow(window.lines, first, last, 150)
    window.take(first, last)
    before, after = window.lines[outer_first:first], window.lines[last:outer_last]
    silence = None
    for text in (path, "\n".join([*before, *window.rows, *after])):
        silence = silence or refusal(text, marks)
    if silence is None and too_long(window, 1024):
        silence = "model-window"
    return outer_first, outer_last, before, after, silence


def zeta1(document, history, window, case, files):
    start, end = "<|editable_region_start|>", "<|editable_region_end|>"
    cursor, top = "<|user_cursor_is_here|>", "<|start_of_file|>"
    marks = [start, end, cursor, top]
    outer_first, outer_last, before, after, silence = zeta_region(document.path, window, marks)
    if silence:
        return {"silence": silence}
    region, path = "\n".join(window.rows), document.path
    events = []
    for past in sent(history, None, marks)[-SENT:]:
        if past["from"]:
            events.append(f"User renamed {past['from']} to {past['path']}\n\n")
        else:
            events.append(f"User edited {past['path']}:\n{FENCE}diff\n{unified(past)}\n{FENCE}")
    excerpt = f"{FENCE}{path}\n" + (f"{top}\n" if outer_first == 0 else "") + "".join(line + "\n" for line in before)
    excerpt += f"{start}\n{window.marked(cursor)}\n{end}" + "".join("\n" + line for line in after) + f"\n{FENCE}"
    tail = f"\n\n### User Excerpt:\n\n{excerpt}\n\n### Response:\n"
    kept, _ = last_that_fit(events, 4096 - 1024 - tokens(ZETA_HEAD) - tokens(tail))
    prompt = ZETA_HEAD + "\n\n".join(kept) + tail
    return answer(prompt, region, f"{start}\n{region}\n{end}", cap(region, 1024))


def blank(line):
    return line.strip() == ""


def good_start(line):
    line = line.strip()
    return line != "" and line[0] not in "}])" and line.rstrip(";") not in ("break", "continue", "return", "throw", "end")


def blocks(region):
    """Offsets where marks are: 6 to 16 lines apart, after a blank line at a good start, else where 16 are full."""
    if region == "":
        return [0, 0]
    rows = region.split("\n")
    starts, at = [], 0
    for row in rows:
        starts.append(at)
        at += len(row) + 1
    if region.endswith("\n") and len(rows) > 1:
        rows.pop()

    def nudged(row):
        for near in range(row, min(len(rows), row + 5)):
            if good_start(rows[near]):
                return near
        return row

    cuts, previous, row = [0], 0, 0
    while row < len(rows):
        target = None
        if row - previous >= 6 and not blank(rows[row]) and blank(rows[row - 1]):
            near = nudged(row)
            if len(rows) - near >= 6:
                target = near
        if target is None and row - previous >= 16:
            target = nudged(row)
        if target is None:
            row += 1
        else:
            cuts.append(starts[target])
            previous, row = target, target + 1
    return cuts + [len(region)] if cuts[-1] != len(region) else cuts


def zeta21(document, history, window, case, files):
    suffix, prefix, middle, name = "<[fim-suffix]>", "<[fim-prefix]>", "<[fim-middle]>", "<filename>"
    cursor, stop = "<|user_cursor|>", "<[end\u2581of\u2581sentence]>"
    marks = [suffix, prefix, middle, name, cursor, stop, "<|marker_"]
    outer_first, outer_last, before, after, silence = zeta_region(document.path, window, marks)
    if silence:
        return {"silence": silence}
    region, path = "\n".join(window.rows), document.path
    cuts = blocks(region)
    at = window.cursor_offset = sum(len(row) + 1 for row in window.rows[: window.line - window.first]) + window.column
    marked, plain, placed = "", "", False
    for number, cut in enumerate(cuts):
        marked += f"<|marker_{number + 1}|>"
        plain += f"<|marker_{number + 1}|>"
        if number + 1 < len(cuts):
            block = region[cut : cuts[number + 1]]
            plain += block
            if not placed and cut <= at <= cuts[number + 1]:
                placed, block = True, block[: at - cut] + cursor + block[at - cut :]
            marked += block
    behind = "".join("\n" + line for line in after)
    if outer_last == len(window.lines) and len(line_starts(window.text)) > len(window.lines):
        behind += "\n"
    head = f"{suffix}{behind}" + ("" if behind.endswith("\n") else "\n") + prefix
    end = f"{name}{path}\n" + "".join(line + "\n" for line in before) + f"{marked}\n{middle}"
    events = []
    for past in sent(history, None, marks)[-SENT:]:
        said = "// User accepted prediction:\n" if past["accepted"] else ""
        events.append(f"{said}--- a/{past['from'] or past['path']}\n+++ b/{past['path']}\n" + ("" if past["from"] else unified(past)))
    chunks = [f"{name}{f['path']}\n{chomped(f['text'])}\n" for f in files if file_is_clean(f, marks)]
    kept, room = last_that_fit(events, 4096 * 9 // 10 - tokens(head) - tokens(end))
    related = "".join(first_that_fit(chunks, room))
    edits = f"{name}edit_history\n{''.join(kept)}\n" if kept else ""
    prompt = head + (related + "\n" if related else "") + edits + end
    return answer(prompt, region, plain, cap(region, 1024))


FORMATS = {"sweep-1": sweep1, "sweep-2": sweep2, "zeta-1": zeta1, "zeta-2.1": zeta21}


def build(case):
    files = [{"path": units(f["path"]), "text": units(f["text"])} for f in case["files"]]
    answers = {}
    for name, builder in FORMATS.items():
        documents, history = play(case["events"])
        document = documents[case["path"]]
        result = builder(document, history, Window(document.text, case["cursor"]), case, files)
        answers[name] = {key: text_of(value) if isinstance(value, str) else value for key, value in result.items()}
    return answers


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    for row in sys.stdin.buffer:
        print(json.dumps(build(json.loads(row.decode("utf-8"))), ensure_ascii=True))
