"""What applicants type about work packages: the list of them, and one partner's costs in each."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DecimalField, SelectField, StringField
from wtforms.validators import Length, NumberRange, Optional

from grants.applications.actions import packages_in_use
from grants.applications.budget import CATEGORIES, Share
from grants.applications.models import Application, Partner
from grants.fields import MoneyField, WholeNumberField, no_control_characters

MOST = 40
EMPTY_ROWS = 2
COLUMNS = ("title", "lead", "starts", "ends")


class PackagesForm(FlaskForm):
    """The work packages, and some empty places for new ones; a place without a title is none."""

    keys: tuple[str, ...] = ()
    in_use: frozenset[str] = frozenset()

    def validate(self, extra_validators: Any = None) -> bool:
        """The fields, and what the fields of one work package say about each other."""
        valid: bool = super().validate(extra_validators)
        for key in self.keys:
            title, lead, starts, ends = (self[f"{key}_{name}"] for name in COLUMNS)
            problem = None
            if not (title.data or "").strip():
                if key in self.in_use:
                    problem = _("A partner has costs in this work package. Take them out first.")
                elif lead.data or starts.data or ends.data:
                    problem = _("Give this work package a title.")
                if problem:
                    title.errors = [problem]
            elif starts.data and ends.data and ends.data < starts.data:
                problem = _("The last month must not come before the first.")
                ends.errors = [problem]
            valid = valid and problem is None
        return valid

    def packages(self) -> list[dict[str, Any]]:
        """What actions.save_work_packages takes."""
        return [
            {"key": key, "title": title}
            | {name: self[f"{key}_{name}"].data for name in ("starts", "ends")}
            | {"lead": self[f"{key}_lead"].data or ""}
            for key in self.keys
            if (title := (self[f"{key}_title"].data or "").strip())
        ]


def packages_form(application: Application, typed: Any) -> PackagesForm:
    """The form over what is stored, or over what was typed; needs the partners."""
    stored = {row["key"]: row for row in application.work_packages}
    last = max((int(key[1:]) for key in stored), default=0)
    fresh = [f"w{last + number}" for number in range(1, EMPTY_ROWS + 1 + (0 if stored else 2))]
    keys = (*stored, *fresh[: MOST - len(stored)])
    leads = [("", "–")] + [(p.public_id, p.short_name or p.name) for p in application.partners]
    known = {key for key, _name in leads}
    fields: dict[str, Any] = {"keys": keys, "in_use": frozenset(packages_in_use(application))}
    data: dict[str, Any] = {}
    for number, key in enumerate(keys, 1):
        months = [Optional(), NumberRange(1, 240)]
        about = {"number": number}
        fields[f"{key}_title"] = StringField(
            _("Title of work package %(number)s", **about),
            [Optional(), Length(max=200), no_control_characters],
        )
        fields[f"{key}_lead"] = SelectField(
            _("Leading partner of work package %(number)s", **about), choices=leads
        )
        fields[f"{key}_starts"] = WholeNumberField(
            _("First month of work package %(number)s", **about), months
        )
        fields[f"{key}_ends"] = WholeNumberField(_("Last month of work package %(number)s", **about), months)
        row = stored.get(key, {})
        data |= {f"{key}_{name}": row.get(name) for name in COLUMNS}
        data[f"{key}_lead"] = row.get("lead", "") if row.get("lead") in known else ""
    made: PackagesForm = type("PackagesForm", (PackagesForm,), fields)(typed, data=data)
    return made


class SharesForm(FlaskForm):
    """One partner's costs and effort in each work package, and how they are financed."""

    keys: tuple[str, ...] = ()
    requested = MoneyField(_l("Requested contribution"), [Optional()])
    income = MoneyField(_l("Income generated"), [Optional()])
    other_contributions = MoneyField(_l("Other contributions"), [Optional()])

    def shares(self) -> tuple[Share, ...]:
        return tuple(
            Share(
                work_package=key, person_months=_tenths(self[f"{key}_person_months"].data),
                **{one.key: self[f"{key}_{one.key}"].data or 0 for one in CATEGORIES},
            )
            for key in self.keys
        )  # fmt: skip

    def amounts(self) -> dict[str, int]:
        return {name: self[name].data or 0 for name in ("requested", "income", "other_contributions")}


def _tenths(typed: Decimal | None) -> int:
    return int(((typed or Decimal()) * 10).to_integral_value(ROUND_HALF_UP))


def shares_form(partner: Partner, typed: Any) -> SharesForm:
    """The form over what is stored of a partner, or over what was typed."""
    packages = partner.application.work_packages
    stored = {row["work_package"]: row for row in partner.shares}
    fields: dict[str, Any] = {"keys": tuple(package["key"] for package in packages)}
    data: dict[str, Any] = {
        name: getattr(partner, name) for name in ("requested", "income", "other_contributions")
    }
    for number, package in enumerate(packages, 1):
        key = package["key"]
        row = stored.get(key, {})
        fields[f"{key}_person_months"] = DecimalField(
            _("Work package %(number)s: effort in person-months", number=number),
            [Optional(), NumberRange(0, 100_000)], places=1, rounding=ROUND_HALF_UP,
        )  # fmt: skip
        data[f"{key}_person_months"] = (
            Decimal(row["person_months"]) / 10 if row.get("person_months") else None
        )
        for one in CATEGORIES:
            label = _("Work package %(number)s: %(category)s", number=number, category=_(one.label))
            fields[f"{key}_{one.key}"] = MoneyField(label, [Optional()])
            data[f"{key}_{one.key}"] = row.get(one.key) or None
    made: SharesForm = type("SharesForm", (SharesForm,), fields)(typed, data=data)
    return made
