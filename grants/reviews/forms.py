"""What experts, rapporteurs and officers type about reports."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, HiddenField, RadioField, SelectField, TextAreaField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from grants.applications.editing import typed
from grants.calls.scheme import Scheme
from grants.fields import no_control_characters
from grants.reviews.questions import questions_of
from grants.reviews.report_file import Line, ScoreLine
from grants.web import score

OFF_SCALE = _l("This score is not on the scale. Please choose one of the list.")
# No word "optional" beside a field that a draft may leave empty but a submitted report may not.
TEXT = (Length(max=20000), no_control_characters)
EXTRA_TEXT = (Optional(), *TEXT)


class ScoreField(SelectField):
    """A score of the call's scale; `data` is hundredths, or None while there is none.

    A value off the grid is refused, and stays selected so that the person sees what was refused.
    """

    def __init__(self, label: Any, scheme: Scheme, **kwargs: Any) -> None:
        names = {one.score: one.name for one in scheme.labels if one.name}
        choices = [SelectChoice("", _l("No score yet"))]
        for value in scheme.grid():
            name = f"{score(value)} – {_(names[value])}" if value in names else score(value)
            choices.append(SelectChoice(str(value), name))
        super().__init__(
            label, choices=choices, coerce=_hundredths, invalid_value_message=OFF_SCALE, **kwargs
        )

    def pre_validate(self, form: Any) -> None:
        if (
            self.process_errors
            or self.data is None
            or str(self.data) in {choice.value for choice in self.choices}
        ):
            return
        refused = _("%(score)s (not on the scale)", score=score(self.data))
        self.choices.append(SelectChoice(str(self.data), refused))
        raise ValidationError(OFF_SCALE)


class AnswerField(RadioField):
    """The answer to an additional question; a draft may leave it open, and a file may empty it again."""

    def pre_validate(self, form: Any) -> None:
        if any(self.raw_data or ()):
            super().pre_validate(form)


def _hundredths(text: Any) -> int | None:
    return int(text) if text not in ("", None) else None


class MarksForm(FlaskForm):
    """Scores, comments and additional questions, read by criterion and question; nothing is required of a draft."""

    version = HiddenField()

    def _by(self, prefix: str) -> dict[str, Any]:
        named = (field for name, field in self._fields.items() if name.startswith(prefix))
        return {field.name.removeprefix(prefix): field.data for field in named}

    @property
    def scores(self) -> dict[str, int]:
        return {criterion: value for criterion, value in self._by("score_").items() if value is not None}

    @property
    def comments(self) -> dict[str, str]:
        return {criterion: text or "" for criterion, text in self._by("comment_").items()}

    @property
    def justifications(self) -> dict[str, str]:
        return {criterion: text or "" for criterion, text in self._by("justification_").items()}

    @property
    def answers(self) -> dict[str, dict[str, str]]:
        remarks = self._by("remark_")
        return {
            key: {"answer": answer or "", "comment": remarks[key] or ""}
            for key, answer in self._by("answer_").items()
        }


def _marks(call: Any, *, justified: bool) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for criterion in call.scheme.criteria:
        named = {"criterion": _(criterion.name)}
        fields[f"score_{criterion.id}"] = ScoreField(_l("Score for %(criterion)s", **named), call.scheme)
        fields[f"comment_{criterion.id}"] = TextAreaField(
            _l("Comment on %(criterion)s", **named), TEXT, render_kw={"rows": 10}
        )
        if justified:
            fields[f"justification_{criterion.id}"] = TextAreaField(
                _l("Reason for a score of %(criterion)s outside the individual scores", **named),
                EXTRA_TEXT,
                render_kw={"rows": 3},
            )
    for question in questions_of(call):
        fields[f"answer_{question.key}"] = AnswerField(
            f"{question.number}. {_(question.text)}",
            choices=[SelectChoice(value, _(label)) for value, label in question.answers],
        )  # fmt: skip
        fields[f"remark_{question.key}"] = TextAreaField(
            _l("Comment on %(number)s", number=question.number), EXTRA_TEXT, render_kw={"rows": 2}
        )
    return fields


def _stored(thing: Any) -> dict[str, Any]:
    """What a report or consensus report holds now, by form field."""
    values = {"version": str(thing.version), "remarks": getattr(thing, "remarks", "")}
    for mark in thing.marks:
        values[f"score_{mark.criterion}"] = mark.score
        values[f"comment_{mark.criterion}"] = mark.comment
        values[f"justification_{mark.criterion}"] = getattr(mark, "justification", "")
    for key, given in thing.answers.items():
        values[f"answer_{key}"], values[f"remark_{key}"] = given.get("answer", ""), given.get("comment", "")
    return values


def report_form(report: Any, formdata: Mapping[str, Any] | None = None) -> MarksForm:
    """The form of a report: as stored, or as typed."""
    remarks = TextAreaField(_l("Remarks to the funder"), EXTRA_TEXT)
    fields = _marks(report.call, justified=False) | {"remarks": remarks}
    return type("ReportForm", (MarksForm,), fields)(formdata=formdata, data=_stored(report))


def consensus_form(consensus: Any, formdata: Mapping[str, Any] | None = None) -> MarksForm:
    """The form of a consensus report: as stored, or as typed."""
    fields = _marks(consensus.call, justified=True)
    return type("ConsensusForm", (MarksForm,), fields)(formdata=formdata, data=_stored(consensus))


def report_lines(form: MarksForm) -> list[Line]:
    """The fields of a report's form as rows of its file, in the order of the page."""
    lines: list[Line] = []
    for name, values in typed(form).items():
        field = form[name]
        value = values[0] if values and values[0] != "None" else ""
        kind = ScoreLine if isinstance(field, ScoreField) else Line
        choices = {str(one.value): str(one.label) for one in getattr(field, "choices", ()) if one.value}
        lines.append(kind(name, str(field.label.text), value, choices))
    return sorted(lines, key=lambda line: line.field == "remarks")


class ReportFileForm(FlaskForm):
    """A report that was filled in without a network."""

    file = FileField(_l("XLSX file"), [FileRequired(_l("Choose a file."))])


class ReactionForm(FlaskForm):
    """What the applicants reply to the comments; the call says how many words."""

    text = TextAreaField(
        _l("Your reply"), [DataRequired(), Length(max=40000), no_control_characters], render_kw={"rows": 12}
    )


class SubmissionForm(FlaskForm):
    """The declaration under a report."""

    declared = BooleanField(_l("I declare this."))
    confirmed = BooleanField(_l("I have looked at this, and it shall stay as it is."))


class CirculationForm(FlaskForm):
    """Goes out with the text as it is."""

    confirmed = BooleanField(_l("I have looked at this, and it shall stay as it is."))


class VoidingForm(FlaskForm):
    """Why a report must not count."""

    conflict = SelectField(_l("What happened"))
    reason = TextAreaField(_l("Reason"), [DataRequired(), Length(max=4000), no_control_characters])

    def __init__(self, codes: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        other = SelectChoice("", _("Something other than a conflict of interest"))
        self.conflict.choices = [
            other,
            *(SelectChoice(code, f"{code}: {_(text)}") for code, text in codes.items()),
        ]


class RapporteurForm(FlaskForm):
    """Who writes the consensus report."""

    rapporteur = SelectField(_l("Rapporteur"), [InputRequired()])

    def __init__(self, group: Iterable[Any], **kwargs: Any) -> None:
        group = list(group)
        named = next((one.public_id for one in group if one.is_rapporteur), "")
        super().__init__(data={"rapporteur": named}, **kwargs)
        nobody = SelectChoice("", _("Nobody yet"))
        self.rapporteur.choices = [nobody, *(SelectChoice(one.public_id, one.user.name) for one in group)]


class OpeningForm(RapporteurForm):
    """The rapporteur, and whether to go on without the reports that are still awaited."""

    without_awaited = BooleanField(_l("Open the consensus without the reports that are still awaited"))


class ApprovalForm(FlaskForm):
    """An evaluator's answer to the version that they read."""

    version = HiddenField()
    agrees = RadioField(
        _l("Do you agree with the consensus report?"), [InputRequired()],
        choices=[SelectChoice("yes", _l("I agree")), SelectChoice("no", _l("I disagree"))],
    )  # fmt: skip
    reason = TextAreaField(
        _l("Reason, if you disagree"), [Optional(), Length(max=4000), no_control_characters]
    )


class RemarkForm(FlaskForm):
    """What one of the group says to the others."""

    criterion = SelectField(_l("About"))
    text = TextAreaField(_l("Your remark"), [DataRequired(), Length(max=4000), no_control_characters])

    def __init__(self, scheme: Scheme, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.criterion.choices = [
            SelectChoice("", _("The report as a whole")),
            *(SelectChoice(one.id, _(one.name)) for one in scheme.criteria),
        ]


class MinorityForm(FlaskForm):
    """The view of those who disagree; it stays inside."""

    statement = TextAreaField(
        _l("View of the minority"), [DataRequired(), Length(max=8000), no_control_characters]
    )
