"""Rows of the tables: a figure, what it is compared with, and its target."""

import statistics

def spread(values):
    return {
        "median": statistics.median(values),
        "min": min(values),
        "max": max(values),
    }


def exact(value):
    return spread([value])


def meets(value, op, limit):
    return value >= limit if op == ">=" else value <= limit


def row(ident, what, unit, ours, theirs=None, peer=None, ratio=None,
        target=None, of=None, note=None, missing=None):
    """`target`: (">=" or "<=", number), of "ratio" or "ours"; None: there is
    none. `ratio`, where not given, is that of the medians. `missing`: why
    there is no figure."""
    result = {
        "id": ident,
        "what": what,
        "unit": unit,
        "ours": ours,
        "peer": peer,
        "theirs": theirs,
        "ratio": ratio,
        "target": None,
        "met": None,
        "note": note,
        "missing": missing,
    }
    if ratio is None and ours and theirs and theirs["median"]:
        result["ratio"] = exact(ours["median"] / theirs["median"])
    if target:
        of = of or ("ratio" if peer else "ours")
        op, limit = target
        result["target"] = {"op": op, "value": limit, "of": of}
        value = result[of]
        if value and not missing:
            result["met"] = meets(value["median"], op, limit)
    return result


def show(value, digits=3):
    """A number for people: three digits that count, thousands apart."""
    if value is None:
        return ""
    if value and abs(value) < 100:
        text = f"{value:.{digits}g}"
        if "e" in text:
            text = f"{value:.6f}".rstrip("0")
        return text
    return f"{value:,.0f}"


def show_spread(figure):
    if not figure:
        return ""
    text = show(figure["median"])
    if figure["min"] != figure["max"]:
        text += f" ({show(figure['min'])}..{show(figure['max'])})"
    return text


def show_target(r):
    target = r["target"]
    if not target:
        return ""
    sign = "≥" if target["op"] == ">=" else "≤"
    unit = "×" if target["of"] == "ratio" else r["unit"]
    if len(unit) > 5:
        unit = ""
    return f"{sign} {show(target['value'])} {unit}".rstrip()


def show_met(r):
    if r["missing"]:
        return r["missing"]
    return {True: "met", False: "not met", None: ""}[r["met"]]


def cells(r):
    """A row as texts, in the order of HEAD."""
    theirs = show_spread(r["theirs"])
    if r["peer"] and theirs:
        theirs = f"{r['peer']}: {theirs}"
    return [
        f"{r['what']}, {r['unit']}" if r["unit"] else r["what"],
        show_spread(r["ours"]),
        theirs or (r["peer"] or ""),
        show_spread(r["ratio"]),
        show_target(r),
        show_met(r),
    ]


HEAD = ["what", "ours", "theirs", "ours ÷ theirs", "target", ""]


def table(rows):
    """As text, in columns."""
    lines = [HEAD, *map(cells, rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    texts = [
        "  ".join(cell.ljust(w) for cell, w in zip(line, widths)).rstrip()
        for line in lines
    ]
    rule = "-" * max(map(len, texts))
    notes = [f"  {r['what']}: {r['note']}" for r in rows if r["note"]]
    return "\n".join([texts[0], rule, *texts[1:], *notes])


def markdown(rows):
    head = HEAD[:-1] + ["met?"]
    lines = [head, ["---"] * len(head), *map(cells, rows)]
    text = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    notes = [f"- {r['what']}: {r['note']}\n" for r in rows if r["note"]]
    return text + ("\n" + "".join(notes) if notes else "")


def summary(rows):
    met = sum(r["met"] is True for r in rows)
    missed = sum(r["met"] is False for r in rows)
    missing = sum(bool(r["missing"]) for r in rows)
    text = f"{met} targets met, {missed} not met"
    return text + (f", {missing} without a figure" if missing else "")
