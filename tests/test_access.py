"""Who gets through each door: every address and method, every member of the cast, against one table.

A row names the things that the address is about and the people who get through; everybody else must be turned away:
visitors to the sign-in page, who may not read the thing with the 404 of an id that never existed, the others with 403
or 409. An address that is not in the table fails the suite.
"""

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from grants.canonical import digest
from grants.db import db
from tests import world

EVERYBODY = {*world.CAST, None}
SIGNED_IN = set(world.CAST)
OFFICERS = {"officer", "officer2"}
STAFF = OFFICERS | {"observer"}
PANEL = STAFF | {"chair"}
GROUP = {"rapporteur", "expert", "expert2"}

# (method, endpoint, what the address is about, who gets through)
TABLE: list[tuple[str, str, dict[str, str], set[Any]]] = [
    ("GET", "home.index", {}, EVERYBODY),
    ("POST", "home.language", {}, EVERYBODY),
    ("GET", "people.index", {}, {"admin"}),
    ("GET", "outbox.index", {}, {"admin"}),
    ("GET", "outbox.mail", {"public_id": "mail"}, {"admin"}),
    ("POST", "outbox.came_back", {"public_id": "mail"}, {"admin"}),
    # calls
    ("GET", "calls.index", {}, EVERYBODY),
    ("GET", "calls.call", {"reference": "open"}, EVERYBODY),
    ("GET", "calls.call", {"reference": "draft"}, PANEL),
    ("GET", "calls.enquiries", {"reference": "open"}, EVERYBODY),
    ("GET", "calls.enquiries", {"reference": "draft"}, PANEL),
    ("POST", "calls.enquiries", {"reference": "open"}, SIGNED_IN),
    ("POST", "calls.enquiries", {"reference": "panel"}, set()),
    ("GET", "calls.enquiry", {"public_id": "enquiry:open"}, OFFICERS),
    ("POST", "calls.enquiry", {"public_id": "enquiry:open"}, OFFICERS),
    ("GET", "documents.verify", {}, EVERYBODY),
    ("GET", "decisions.evaluator_years", {}, EVERYBODY),
    # The year is not over.
    ("GET", "decisions.evaluators", {"public_id": "programme", "year": "2026"}, set()),
    ("POST", "documents.verify", {}, EVERYBODY),
    ("GET", "outbox.undelivered_of", {"reference": "open"}, OFFICERS),
    ("GET", "people.substitution", {}, OFFICERS | {"other_officer"}),
    ("POST", "people.substitution", {}, OFFICERS | {"other_officer"}),
    ("POST", "people.end_substitution", {"public_id": "user:chair"}, set()),
    ("GET", "calls.desk_index", {}, PANEL | {"other_officer"}),
    ("GET", "calls.desk", {"reference": "open"}, STAFF),
    ("GET", "calls.new", {}, OFFICERS | {"other_officer"}),
    ("POST", "calls.new", {}, OFFICERS | {"other_officer"}),
    ("GET", "calls.edit", {"reference": "draft"}, OFFICERS),
    ("POST", "calls.edit", {"reference": "draft"}, OFFICERS),
    ("GET", "calls.edit", {"reference": "open"}, set()),
    ("GET", "calls.schemes", {}, PANEL | {"other_officer"}),
    ("GET", "calls.scheme_page", {"scheme_id": "he-ria-2026"}, PANEL | {"other_officer"}),
    ("GET", "calls.edit_scheme", {"reference": "draft"}, OFFICERS),
    ("POST", "calls.edit_scheme", {"reference": "draft"}, OFFICERS),
    ("GET", "calls.questions", {"reference": "draft"}, OFFICERS),
    ("POST", "calls.questions", {"reference": "draft"}, OFFICERS),
    ("GET", "calls.edit_question", {"reference": "draft", "public_id": "question:draft"}, OFFICERS),
    ("POST", "calls.edit_question", {"reference": "draft", "public_id": "question:draft"}, OFFICERS),
    ("POST", "calls.move_question", {"reference": "draft", "public_id": "question:draft", "way": "up"}, OFFICERS),
    ("GET", "calls.preview", {"reference": "draft"}, STAFF),
    ("POST", "calls.preview", {"reference": "open"}, STAFF),
    ("GET", "calls.form_of_call", {"reference": "open"}, EVERYBODY),
    ("GET", "calls.form_of_call", {"reference": "draft"}, PANEL),
    ("GET", "documents.form_of_a_call", {"reference": "open"}, EVERYBODY),
    ("GET", "documents.form_of_a_call", {"reference": "draft"}, PANEL),
    ("GET", "calls.form_as_docx", {"reference": "open"}, EVERYBODY),
    ("GET", "calls.form_as_docx", {"reference": "draft"}, PANEL),
    ("GET", "calls.copy", {"reference": "released"}, OFFICERS),
    ("POST", "calls.copy", {"reference": "released"}, OFFICERS),
    ("GET", "calls.follow", {"reference": "open", "way": "next-cut-off"}, OFFICERS),
    ("POST", "calls.follow", {"reference": "open", "way": "next-cut-off"}, OFFICERS),
    ("GET", "calls.follow", {"reference": "open", "way": "second-stage"}, set()),
    ("POST", "calls.remove_question", {"reference": "draft", "public_id": "question:draft"}, OFFICERS),
    ("POST", "calls.publish", {"reference": "draft"}, OFFICERS),
    ("GET", "calls.extend", {"reference": "open"}, OFFICERS),
    ("POST", "calls.extend", {"reference": "open"}, OFFICERS),
    ("GET", "calls.stop", {"reference": "open", "act": "suspension"}, OFFICERS),
    ("POST", "calls.stop", {"reference": "open", "act": "suspension"}, OFFICERS),
    ("GET", "calls.stop", {"reference": "open", "act": "resumption"}, set()),
    ("GET", "calls.stop", {"reference": "open", "act": "cancellation"}, OFFICERS),
    ("GET", "calls.staff", {"reference": "open"}, OFFICERS),
    ("POST", "calls.staff", {"reference": "open"}, OFFICERS),
    ("POST", "calls.dismiss", {"reference": "open", "role": "chair", "public_id": "user:chair"}, OFFICERS),
    # applications
    ("GET", "applications.index", {}, SIGNED_IN),
    ("GET", "applications.self_check", {"reference": "open"}, EVERYBODY),
    ("GET", "applications.self_check", {"reference": "draft"}, PANEL),
    ("GET", "applications.new", {"reference": "open"}, SIGNED_IN),
    ("POST", "applications.new", {"reference": "open"}, SIGNED_IN),
    ("GET", "applications.new", {"reference": "panel"}, set()),
    ("GET", "applications.copy", {"public_id": "received"}, {"coordinator"}),
    ("POST", "applications.copy", {"public_id": "received"}, {"coordinator"}),
    ("GET", "applications.application", {"public_id": "draft"}, {"coordinator", "partner"}),
    ("GET", "applications.application", {"public_id": "submitted"}, {"coordinator"}),
    ("GET", "applications.application", {"public_id": "received"}, {"coordinator"} | STAFF),
    ("GET", "applications.application", {"public_id": "in_evaluation"}, {"coordinator", "rapporteur", "expert"} | STAFF),
    ("GET", "applications.application", {"public_id": "panel_best"}, {"coordinator"} | GROUP | PANEL),
    ("GET", "applications.summary", {"public_id": "draft"}, {"coordinator"}),
    ("POST", "applications.summary", {"public_id": "draft"}, {"coordinator"}),
    ("GET", "applications.summary", {"public_id": "submitted"}, set()),
    ("GET", "applications.questions", {"public_id": "draft"}, {"coordinator"}),
    ("POST", "applications.questions", {"public_id": "draft"}, {"coordinator"}),
    ("GET", "applications.declarations", {"public_id": "draft"}, {"coordinator"}),
    ("POST", "applications.declarations", {"public_id": "draft"}, {"coordinator"}),
    ("POST", "applications.drop_text", {"public_id": "draft", "section": "summary"}, {"coordinator", "partner"}),
    ("GET", "applications.part_b", {"public_id": "draft"}, {"coordinator"}),
    ("POST", "applications.part_b", {"public_id": "draft"}, {"coordinator"}),
    ("GET", "applications.annex", {"public_id": "draft", "key": "annex"}, set()),
    ("POST", "applications.annex", {"public_id": "draft", "key": "annex"}, set()),
    ("POST", "applications.remove_annex", {"public_id": "draft", "key": "annex"}, set()),
    ("POST", "applications.remove_part_b", {"public_id": "draft"}, {"coordinator"}),
    ("GET", "applications.file", {"public_id": "received", "sha256": "file:received"}, {"coordinator"} | STAFF),
    ("GET", "applications.file", {"public_id": "in_evaluation", "sha256": "file:in_evaluation"},
     {"coordinator", "rapporteur", "expert"} | STAFF),
    ("GET", "applications.consortium", {"public_id": "draft"}, {"coordinator", "partner"}),
    ("GET", "applications.working_copy", {"public_id": "draft"}, {"coordinator", "partner"}),
    ("GET", "applications.new_partner", {"public_id": "draft"}, {"coordinator"}),
    ("POST", "applications.new_partner", {"public_id": "draft"}, {"coordinator"}),
    ("GET", "applications.partner", {"public_id": "partner:1"}, {"coordinator", "partner"}),
    ("POST", "applications.partner", {"public_id": "partner:1"}, {"coordinator", "partner"}),
    ("GET", "applications.partner", {"public_id": "partner:0"}, {"coordinator"}),
    ("GET", "applications.partner_budget", {"public_id": "partner:1"}, {"coordinator", "partner"}),
    ("POST", "applications.partner_budget", {"public_id": "partner:1"}, {"coordinator", "partner"}),
    ("POST", "applications.remove_partner", {"public_id": "partner:1"}, {"coordinator"}),
    ("POST", "applications.invite_again", {"public_id": "partner:2"}, {"coordinator"}),
    ("POST", "applications.accept_invitation", {"public_id": "partner:2"}, {"expert4"}),
    ("POST", "applications.decline_invitation", {"public_id": "partner:2"}, {"expert4"}),
    ("GET", "applications.confirmation", {"public_id": "partner:1"}, {"partner"}),
    ("POST", "applications.confirmation", {"public_id": "partner:1"}, {"partner"}),
    ("GET", "applications.hand_over", {"public_id": "partner:1"}, {"coordinator"}),
    ("POST", "applications.hand_over", {"public_id": "partner:1"}, {"coordinator"}),
    ("GET", "applications.organisations", {}, SIGNED_IN),
    ("GET", "applications.budget_table", {"public_id": "draft"}, {"coordinator", "partner"}),
    # In calls whose budget is made by work package; these are not (tests/applications/test_work_packages.py).
    ("GET", "applications.work_packages", {"public_id": "draft"}, set()),
    ("POST", "applications.work_packages", {"public_id": "draft"}, set()),
    ("GET", "applications.spreadsheet_file", {"public_id": "draft"}, {"coordinator", "partner"}),
    ("GET", "applications.upload_budget", {"public_id": "draft"}, {"coordinator", "partner"}),
    ("POST", "applications.upload_budget", {"public_id": "draft"}, {"coordinator", "partner"}),
    ("GET", "applications.upload_budget", {"public_id": "submitted"}, set()),
    ("GET", "applications.researchers", {"public_id": "draft"}, {"coordinator", "partner"}),
    ("POST", "applications.researchers", {"public_id": "draft"}, {"coordinator", "partner"}),
    ("GET", "applications.researcher", {"public_id": "reopened", "researcher_id": "researcher:reopened"},
     {"coordinator"}),
    ("POST", "applications.researcher", {"public_id": "reopened", "researcher_id": "researcher:reopened"},
     {"coordinator"}),
    ("POST", "applications.remove_researcher", {"public_id": "reopened", "researcher_id": "researcher:reopened"},
     {"coordinator"}),
    ("GET", "applications.submission", {"public_id": "draft"}, {"coordinator"}),
    ("POST", "applications.submission", {"public_id": "draft"}, {"coordinator"}),
    ("GET", "applications.submission", {"public_id": "received"}, set()),
    ("GET", "applications.receipt", {"public_id": "submitted", "number": "1"}, {"coordinator"}),
    ("GET", "applications.version", {"public_id": "submitted", "number": "1"}, {"coordinator"}),
    ("GET", "applications.version", {"public_id": "received", "number": "1"}, {"coordinator"} | STAFF),
    ("POST", "applications.reopen", {"public_id": "submitted"}, {"coordinator"}),
    ("GET", "applications.withdrawal", {"public_id": "submitted"}, {"coordinator"}),
    ("POST", "applications.withdrawal", {"public_id": "submitted"}, {"coordinator"}),
    ("GET", "applications.history", {"public_id": "draft"}, {"coordinator", "partner"}),
    ("GET", "applications.history", {"public_id": "received"}, {"coordinator"} | STAFF),
    ("GET", "applications.comparison", {"public_id": "draft"}, {"coordinator", "partner"}),
    ("GET", "applications.comparison", {"public_id": "received"}, {"coordinator"} | STAFF),
    ("GET", "applications.received", {"reference": "evaluation"}, STAFF),
    ("GET", "applications.received", {"reference": "open"}, OFFICERS),
    ("GET", "applications.extension", {"reference": "open", "number": "number:submitted"}, OFFICERS),
    ("POST", "applications.extension", {"reference": "open", "number": "number:submitted"}, OFFICERS),
    # eligibility
    ("GET", "eligibility.desk", {"reference": "evaluation"}, STAFF),
    ("GET", "eligibility.application", {"public_id": "received"}, STAFF),
    ("POST", "eligibility.rule", {"public_id": "received"}, OFFICERS),
    ("GET", "decisions.letters_desk", {"reference": "released"}, STAFF),
    ("GET", "decisions.wording", {"reference": "released", "outcome": "reserve", "language": "en"}, STAFF),
    ("POST", "decisions.wording", {"reference": "released", "outcome": "reserve", "language": "en"}, OFFICERS),
    ("POST", "eligibility.pass_clear", {"reference": "evaluation"}, OFFICERS),
    ("POST", "eligibility.confirm", {"public_id": "ruling:refused"}, {"officer2"}),
    ("POST", "eligibility.send_back", {"public_id": "ruling:refused"}, {"officer2"}),
    # experts
    ("GET", "experts.pool_file", {"reference": "evaluation"}, OFFICERS),
    ("POST", "experts.pool_file", {"reference": "evaluation"}, OFFICERS),
    ("GET", "experts.pool", {"reference": "evaluation"}, OFFICERS),
    ("POST", "experts.pool", {"reference": "evaluation"}, OFFICERS),
    ("POST", "experts.remove_expert", {"reference": "evaluation", "public_id": "user:expert4"}, OFFICERS),
    ("POST", "experts.remind_of_terms", {"reference": "open"}, OFFICERS),
    ("GET", "experts.terms", {"reference": "evaluation"}, OFFICERS),
    ("POST", "experts.terms", {"reference": "evaluation"}, OFFICERS),
    ("GET", "experts.engagement", {"public_id": "engagement:open:expert4"}, {"expert4"} | OFFICERS),
    ("POST", "experts.agree", {"public_id": "engagement:open:expert4"}, {"expert4"}),
    ("POST", "experts.leave", {"public_id": "engagement:open:expert4"}, {"expert4"}),
    ("POST", "experts.agree", {"public_id": "engagement:evaluation:expert"}, set()),
    ("POST", "experts.leave", {"public_id": "engagement:evaluation:expert"}, set()),
    ("GET", "experts.groups", {"reference": "evaluation"}, OFFICERS),
    ("POST", "experts.groups", {"reference": "evaluation"}, OFFICERS),
    ("GET", "experts.group_proposal", {"public_id": "groups"}, OFFICERS),
    ("GET", "experts.group_status", {"public_id": "groups"}, OFFICERS),
    ("POST", "experts.stop_groups", {"public_id": "groups"}, OFFICERS),
    ("POST", "experts.invite_groups", {"public_id": "composed"}, OFFICERS),
    ("GET", "experts.bidding", {"reference": "evaluation"}, OFFICERS),
    ("POST", "experts.bidding", {"reference": "evaluation"}, OFFICERS),
    # The call of the table does not ask; who gets through where one does stands in tests/experts/test_bid.py.
    ("GET", "experts.bids", {"reference": "evaluation"}, set()),
    ("POST", "experts.bid", {"reference": "evaluation", "public_id": "admitted"}, set()),
    ("GET", "experts.matrix", {"reference": "evaluation"}, STAFF),
    ("GET", "experts.application", {"public_id": "admitted"}, STAFF),
    ("POST", "experts.assign", {"public_id": "admitted"}, OFFICERS),
    ("GET", "experts.replace", {"public_id": "in_evaluation"}, OFFICERS),
    ("POST", "experts.replace", {"public_id": "in_evaluation"}, OFFICERS),
    ("GET", "experts.conflicts", {"public_id": "admitted"}, OFFICERS),
    ("POST", "experts.conflicts", {"public_id": "admitted"}, OFFICERS),
    ("GET", "experts.rule", {"public_id": "conflict:admitted"}, OFFICERS),
    ("POST", "experts.rule", {"public_id": "conflict:admitted"}, OFFICERS),
    ("GET", "experts.assignments", {}, SIGNED_IN),
    ("GET", "experts.profile", {}, {"expert", "expert2", "expert3", "expert4", "conflicted", "rapporteur"}),
    ("POST", "experts.profile", {}, {"expert", "expert2", "expert3", "expert4", "conflicted", "rapporteur"}),
    ("GET", "experts.assignment", {"public_id": "assignment:in_evaluation:expert2"}, {"expert2"}),
    ("POST", "experts.accept", {"public_id": "assignment:in_evaluation:expert2"}, {"expert2"}),
    ("POST", "experts.decline", {"public_id": "assignment:in_evaluation:expert2"}, {"expert2"}),
    ("GET", "experts.remove", {"public_id": "assignment:in_evaluation:expert2"}, OFFICERS),
    ("POST", "experts.remove", {"public_id": "assignment:in_evaluation:expert2"}, OFFICERS),
    ("POST", "experts.name_rapporteur", {"public_id": "assignment:in_evaluation:expert"}, OFFICERS),
    # reviews
    ("GET", "reviews.declaration", {"public_id": "assignment:in_evaluation:expert"}, {"expert"}),
    ("POST", "reviews.declaration", {"public_id": "assignment:in_evaluation:expert"}, {"expert"}),
    ("GET", "reviews.report", {"public_id": "report:in_evaluation:expert"}, {"expert"} | STAFF),
    ("POST", "reviews.report", {"public_id": "report:in_evaluation:expert"}, {"expert"}),
    ("GET", "reviews.report", {"public_id": "report:in_consensus:expert"}, GROUP | STAFF),
    ("GET", "reviews.pack", {"public_id": "report:in_evaluation:expert"}, {"expert"}),
    ("GET", "reviews.upload", {"public_id": "report:in_evaluation:expert"}, {"expert"}),
    ("POST", "reviews.upload", {"public_id": "report:in_evaluation:expert"}, {"expert"}),
    ("GET", "reviews.round_of", {"reference": "evaluation"}, set()),
    ("POST", "reviews.ask_for_reactions", {"reference": "evaluation"}, set()),
    ("GET", "reviews.reaction", {"public_id": "reaction:in_consensus"}, {"applicant2"} | GROUP | STAFF),
    ("POST", "reviews.reaction", {"public_id": "reaction:in_consensus"}, set()),
    ("GET", "reviews.pack", {"public_id": "report:in_consensus:expert"}, set()),
    ("GET", "reviews.submission", {"public_id": "report:in_evaluation:expert"}, {"expert"}),
    ("POST", "reviews.submission", {"public_id": "report:in_evaluation:expert"}, {"expert"}),
    ("GET", "reviews.reopening", {"public_id": "report:in_evaluation:rapporteur"}, OFFICERS),
    ("POST", "reviews.reopening", {"public_id": "report:in_evaluation:rapporteur"}, OFFICERS),
    ("GET", "reviews.voiding", {"public_id": "report:in_evaluation:rapporteur"}, OFFICERS),
    ("POST", "reviews.voiding", {"public_id": "report:in_evaluation:rapporteur"}, OFFICERS),
    ("POST", "reviews.remind", {"reference": "evaluation"}, OFFICERS),
    ("GET", "reviews.board", {"reference": "evaluation"}, STAFF),
    ("GET", "reviews.agreements", {"reference": "evaluation"}, STAFF),
    ("GET", "reviews.reports", {"public_id": "in_evaluation"}, STAFF),
    ("POST", "reviews.opening", {"public_id": "in_evaluation"}, OFFICERS),
    # The committee on a request for redress reads the file while it is open.
    ("GET", "reviews.reports", {"public_id": "released_good"}, STAFF | {"admin"}),
    ("GET", "reviews.consensus", {"public_id": "released_good"}, GROUP | PANEL | {"admin"}),
    ("GET", "reviews.consensus", {"public_id": "in_consensus"}, GROUP | STAFF),
    ("GET", "reviews.consensus", {"public_id": "panel_best"}, GROUP | PANEL),
    ("POST", "reviews.consensus", {"public_id": "in_consensus"}, {"rapporteur"}),
    ("GET", "reviews.circulation", {"public_id": "consensus:in_consensus"}, {"rapporteur"}),
    ("POST", "reviews.circulation", {"public_id": "consensus:in_consensus"}, {"rapporteur"}),
    ("POST", "reviews.remarks", {"public_id": "consensus:in_consensus"}, GROUP),
    ("POST", "reviews.approval", {"public_id": "consensus:in_consensus"}, set()),
    ("POST", "reviews.revision", {"public_id": "consensus:in_consensus"}, set()),
    ("GET", "reviews.minority", {"public_id": "consensus:in_consensus"}, set()),
    ("POST", "reviews.minority", {"public_id": "consensus:in_consensus"}, set()),
    ("POST", "reviews.finalisation", {"public_id": "consensus:in_consensus"}, set()),
    ("GET", "reviews.send_back", {"public_id": "consensus:in_consensus"}, set()),
    ("POST", "reviews.send_back", {"public_id": "consensus:in_consensus"}, set()),
    ("GET", "reviews.rapporteur", {"public_id": "consensus:in_consensus"}, OFFICERS),
    ("POST", "reviews.rapporteur", {"public_id": "consensus:in_consensus"}, OFFICERS),
    ("GET", "reviews.restart", {"public_id": "consensus:in_consensus"}, OFFICERS),
    ("POST", "reviews.restart", {"public_id": "consensus:in_consensus"}, OFFICERS),
    # panels
    ("GET", "panels.panel", {"reference": "panel"}, GROUP | PANEL),
    ("GET", "panels.panel", {"reference": "ranked"}, PANEL),
    ("GET", "panels.discussed", {"reference": "panel"}, PANEL),
    ("GET", "panels.what_if", {"reference": "panel"}, PANEL),
    ("GET", "panels.sureness", {"reference": "panel"}, PANEL),
    ("GET", "panels.sureness", {"reference": "ranked"}, set()),
    ("GET", "panels.draw", {"reference": "panel"}, PANEL),
    ("GET", "panels.draw", {"reference": "ranked"}, PANEL),
    ("GET", "panels.draw", {"reference": "released"}, PANEL),
    ("GET", "panels.draw", {"reference": "evaluation"}, set()),
    ("POST", "panels.draw", {"reference": "panel"}, OFFICERS | {"chair"}),
    ("POST", "panels.draw", {"reference": "ranked"}, set()),
    ("POST", "panels.enter_value", {"public_id": "draw:ranked"}, set()),
    ("POST", "panels.end_draw", {"public_id": "draw:ranked", "step": "adoption"}, set()),
    ("GET", "panels.published_draw", {"reference": "released"}, EVERYBODY),
    ("GET", "panels.published_draw", {"reference": "ranked"}, set()),
    ("GET", "panels.published_draw", {"reference": "open"}, set()),
    ("GET", "panels.finding", {"public_id": "panel_best"}, OFFICERS | {"chair"}),
    ("POST", "panels.finding", {"public_id": "panel_best"}, OFFICERS | {"chair"}),
    ("GET", "panels.closure", {"reference": "panel"}, {"chair"}),
    ("POST", "panels.closure", {"reference": "panel"}, {"chair"}),
    ("GET", "panels.ranking", {"reference": "ranked"}, PANEL),
    ("GET", "panels.ranking", {"reference": "panel"}, set()),
    # decisions
    ("GET", "decisions.desk", {"reference": "ranked"}, STAFF),
    ("POST", "decisions.propose", {"reference": "ranked"}, OFFICERS),
    ("POST", "decisions.approve_all", {"reference": "evaluation"}, OFFICERS),
    ("GET", "decisions.decision", {"public_id": "ranked_best"}, STAFF),
    ("GET", "decisions.decision", {"public_id": "released_best"}, STAFF | {"coordinator"}),
    ("POST", "decisions.decision", {"public_id": "ranked_best"}, OFFICERS),
    ("POST", "decisions.approve", {"public_id": "decision:ranked_best"}, {"officer2"}),
    ("POST", "decisions.send_back", {"public_id": "decision:ranked_best"}, {"officer2"}),
    ("GET", "decisions.request_review", {"public_id": "released_best"}, {"coordinator"}),
    ("POST", "decisions.request_review", {"public_id": "released_best"}, {"coordinator"}),
    ("GET", "decisions.review", {"public_id": "redress"}, OFFICERS | {"applicant2", "admin"}),
    ("POST", "decisions.name_member", {"public_id": "redress"}, OFFICERS),
    ("POST", "decisions.propose_opinion", {"public_id": "redress"}, {"admin"}),
    ("POST", "decisions.close_review", {"public_id": "redress"}, set()),
    ("POST", "decisions.withdraw_review", {"public_id": "redress"}, {"applicant2"}),
    ("GET", "decisions.preparation", {"public_id": "released_best"}, STAFF),
    ("POST", "decisions.preparation", {"public_id": "released_best"}, OFFICERS),
    ("POST", "decisions.sign", {"public_id": "released_best"}, OFFICERS),
    ("GET", "applications.asked", {"public_id": "received"}, {"coordinator"} | STAFF),
    ("GET", "applications.asked", {"public_id": "draft"}, set()),
    ("POST", "applications.ask", {"public_id": "received"}, OFFICERS),
    ("POST", "applications.ask", {"public_id": "released_good"}, set()),
    ("GET", "applications.clarification", {"public_id": "clarification:received"}, {"coordinator"} | STAFF),
    ("POST", "applications.clarification", {"public_id": "clarification:received"}, {"coordinator"}),
    ("POST", "applications.take_back", {"public_id": "clarification:received"}, OFFICERS),
    ("POST", "decisions.apply_in_full", {"public_id": "released_good"}, set()),
    ("GET", "decisions.change", {"public_id": "released_best"}, OFFICERS),
    ("POST", "decisions.change", {"public_id": "released_best"}, OFFICERS),
    ("GET", "decisions.proposed_change", {"public_id": "change"}, STAFF),
    ("POST", "decisions.approve_change", {"public_id": "change"}, {"officer2"}),
    ("POST", "decisions.drop_change", {"public_id": "change"}, OFFICERS),
    ("GET", "decisions.reserve", {"reference": "released"}, STAFF),
    ("POST", "decisions.promote", {"reference": "released"}, OFFICERS),
    ("GET", "decisions.release", {"reference": "ranked"}, OFFICERS),
    ("POST", "decisions.release", {"reference": "ranked"}, OFFICERS),
    ("POST", "decisions.stop", {"public_id": "release"}, set()),
    # documents
    ("POST", "documents.want", {"public_id": "submitted"}, {"coordinator"}),
    ("POST", "documents.want_for_call", {"reference": "ranked"}, PANEL),
    ("POST", "documents.want_report", {"public_id": "report:in_consensus:expert"}, {"expert"}),
    ("POST", "documents.want_report", {"public_id": "report:in_evaluation:expert"}, set()),
    ("GET", "documents.document", {"public_id": "document"}, {"coordinator"}),
    ("GET", "documents.status", {"public_id": "document"}, {"coordinator"}),
    ("GET", "documents.file", {"public_id": "document"}, set()),
    ("GET", "documents.desk", {"reference": "released"}, OFFICERS),
    ("POST", "documents.want_batch", {"reference": "released"}, OFFICERS),
    ("GET", "documents.batch", {"public_id": "batch"}, {"officer"}),
    ("GET", "documents.batch_status", {"public_id": "batch"}, {"officer"}),
    ("GET", "documents.batch_file", {"public_id": "batch"}, set()),
    ("POST", "documents.stop", {"public_id": "batch"}, {"officer"}),
    ("POST", "documents.resume", {"public_id": "batch"}, set()),
]  # fmt: skip

DATA = {"decisions.approve": {"version": "1"}, "decisions.approve_all": {"seen": digest([])}, "documents.want": {"kind": "receipt"}, "documents.want_for_call": {"kind": "ranking"},
        "documents.want_batch": {"kind": "letter"}, "eligibility.pass_clear": {"gate": "admissibility"}}  # fmt: skip

LOOKUPS = {
    "number": "SELECT number FROM applications WHERE public_id = :app",
    "mail": "SELECT public_id FROM mails ORDER BY id LIMIT 1",
    "enquiry": "SELECT e.public_id FROM enquiries e JOIN calls c ON c.id = e.call_id WHERE c.reference = :call",
    "document": "SELECT public_id FROM documents WHERE kind = 'receipt' LIMIT 1",
    "batch": "SELECT public_id FROM batches LIMIT 1",
    "question": "SELECT q.public_id FROM questions q JOIN calls c ON c.id = q.call_id WHERE c.reference = :call",
    "user": "SELECT public_id FROM users WHERE email = :email",
    "file": "SELECT t.sha256 FROM attachments t JOIN applications a ON a.id = t.application_id WHERE a.public_id = :app",
    "partner": "SELECT p.public_id FROM partners p JOIN applications a ON a.id = p.application_id "
               "WHERE a.public_id = :draft ORDER BY p.position",
    "researcher": "SELECT r.public_id FROM researchers r JOIN applications a ON a.id = r.application_id "
                  "WHERE a.public_id = :app",
    "ruling": "SELECT r.public_id FROM rulings r JOIN applications a ON a.id = r.application_id WHERE a.public_id = :app "
              "AND r.state = 'proposed'",
    "clarification": "SELECT c.public_id FROM clarifications c JOIN applications a ON a.id = c.application_id "
                     "WHERE a.public_id = :app",
    "engagement": "SELECT e.public_id FROM engagements e JOIN calls c ON c.id = e.call_id JOIN users u ON u.id = e.user_id "
                  "WHERE c.reference = :call AND u.email = :email",
    "programme": "SELECT public_id FROM programmes WHERE name = 'Trustworthy AI'",
    "groups": "SELECT public_id FROM group_proposals WHERE state = 'wanted'",
    "composed": "SELECT public_id FROM group_proposals WHERE state = 'done'",
    "conflict": "SELECT c.public_id FROM conflicts c JOIN applications a ON a.id = c.application_id "
                "WHERE a.public_id = :app",
    "assignment": "SELECT s.public_id FROM assignments s JOIN applications a ON a.id = s.application_id "
                  "JOIN users u ON u.id = s.user_id WHERE a.public_id = :app AND u.email = :email",
    "report": "SELECT r.public_id FROM reports r JOIN assignments s ON s.id = r.assignment_id "
              "JOIN applications a ON a.id = s.application_id JOIN users u ON u.id = s.user_id "
              "WHERE a.public_id = :app AND u.email = :email",
    "consensus": "SELECT c.public_id FROM consensus_reports c JOIN applications a ON a.id = c.application_id "
                 "WHERE a.public_id = :app",
    "reaction": "SELECT r.public_id FROM reactions r JOIN applications a ON a.id = r.application_id "
                "WHERE a.public_id = :app",
    "draw": "SELECT d.public_id FROM draws d JOIN calls c ON c.id = d.call_id WHERE c.reference = :call",
    "redress": "SELECT public_id FROM redress_requests LIMIT 1",
    "change": "SELECT public_id FROM decision_changes LIMIT 1",
    "release": "SELECT public_id FROM releases LIMIT 1",
    "decision": "SELECT d.public_id FROM decisions d JOIN applications a ON a.id = d.application_id "
                "WHERE a.public_id = :app",
}  # fmt: skip


def _found(name: str, names: Any) -> str:
    """The public id behind a name of the table, such as report:in_consensus:expert."""
    if name in names.applications:
        return str(names.applications[name])
    kind, *rest = name.split(":")
    if kind not in LOOKUPS:
        return name
    first = rest[0] if rest else ""
    part = rest[-1] if rest else ""
    values = {
        "app": names.applications.get(first, ""), "call": names.calls.get(first, ""), "draft": names.applications["draft"],
        "email": names.people[part]["email"] if part in names.people else "",
    }  # fmt: skip
    rows = list(db.session.scalars(text(LOOKUPS[kind]), values))
    db.session.rollback()
    return str(rows[int(first) if kind == "partner" else 0])


def _address(app: Flask, endpoint: str, about: dict[str, str], names: Any) -> str:
    values = {
        key: names.calls[name] if key == "reference" else _found(name, names) for key, name in about.items()
    }
    with app.test_request_context():
        from flask import url_for

        return url_for(endpoint, **values)


def _nonsense(about: dict[str, str], address: str) -> str:
    """The same address with ids that never existed."""
    return re.sub(r"[0-9a-f]{16}", "0123456789abcdef", re.sub(r"TAI-[A-Z]+", "TAI-NOWHERE", address))


TURNED_AWAY = (403, 404, 409)


def _title(row: tuple[str, str, dict[str, str], set[Any]]) -> str:
    method, endpoint, about, _allowed = row
    return f"{method} {endpoint} {' '.join(about.values())}"


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("method", "endpoint", "about", "allowed"), TABLE, ids=[_title(row) for row in TABLE]
)
def test_only_these_people_get_through(
    app: Flask,
    built: Any,
    as_: Any,
    names: Any,
    method: str,
    endpoint: str,
    about: dict[str, str],
    allowed: set[Any],
) -> None:
    """The row of the table, person by person; the world is put back after each one who gets through."""
    address = _address(app, endpoint, about, names)
    data = DATA.get(endpoint)
    if endpoint == "decisions.approve_change":  # with the words of the house
        data = {"seen": digest([address.split("/")[2], 0])}
    through = set()
    for part in (None, *world.CAST):
        browser = as_(part)
        response = browser.open(address, method=method, data=data)
        assert response.status_code < 500
        to_sign_in = response.status_code == 302 and response.location.startswith("/login")
        if part is None and None not in allowed:
            assert to_sign_in or response.status_code in (403, 404)
        elif to_sign_in or (response.status_code in TURNED_AWAY and not _is_form(response)):
            if response.status_code == 404:
                never = browser.open(_nonsense(about, address), method=method, data=data)
                assert (never.status_code, _body(never)) == (404, _body(response))
        else:
            through.add(part)
            if method == "POST":
                built.put_back()
    # A lawful act that comes at the wrong moment in its form (409 with a page) still counts as turned away.
    assert through == allowed


def _is_form(response: Any) -> bool:
    """An old form is given back with 409 and what was typed: its person got through."""
    return response.status_code == 409 and b'name="version"' in response.data


def _body(response: Any) -> str:
    """The page without what differs by the second."""
    page = response.get_data(as_text=True)
    page = re.sub(r'value="[^"]{20,}"', 'value=""', page)
    page = re.sub(r'(name="next"[^>]*|datetime=|content=)"[^"]*"', "", page)
    return re.sub(r"\d\d:\d\d:\d\d", "", page)


def test_every_address_is_in_the_table(app: Flask) -> None:
    """Nothing can be added to the house without deciding who gets through."""
    known = {(method, endpoint) for method, endpoint, _about, _allowed in TABLE}
    missing = [
        f"{method} {rule.endpoint}"
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.endpoint != "static"
        and not rule.endpoint.startswith("security.")
        and (method, rule.endpoint) not in known
    ]
    assert missing == []


@pytest.mark.parametrize(
    "name", ["received", "in_evaluation", "in_consensus", "panel_best", "released_best", "draft"]
)
@pytest.mark.parametrize("part", ["coordinator", "partner", "expert", "rapporteur", "officer", "observer", "chair",
                                  "conflicted", "stranger", "other_officer"])  # fmt: skip
def test_lists_and_pages_agree(app: Flask, as_: Any, names: Any, name: str, part: str) -> None:
    """Staff who find an application in the call's list can open it, and nobody finds one that they cannot open."""
    from grants.applications import queries

    browser = as_(part)
    opens = browser.get(f"/applications/{names.applications[name]}").status_code == 200
    application = queries.by_public_id(names.applications[name])
    assert application
    reference = application.call.reference
    db.session.rollback()
    listed = names.applications[name] in browser.get(f"/calls/{reference}/applications").get_data(
        as_text=True
    )
    assert opens or not listed
