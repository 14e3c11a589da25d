# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The domain: what a Cloud Connector appliance, site and fleet are. Pure Python: no Ansible, no I/O, no clock of its own.

What everything rests on:
reading           a value, or `Unknown`, which says why it could not be read and is neither true nor false
codec             readings as JSON, and back
versions          texts, their order, what can be upgraded to what
exceptions        every exception of the collection
schema            the JSON Schemas in `schemas/`
failure_classes   what can go wrong, by class, and what to do about it; recognised in messages

Reading an appliance:
steps             every step the collection sends to it
version_fences    those that stop a request where a version is another one by now
state             which of them are asked, and what the answer says
answers           what one step of an answer gave
windows_readings  what Windows and the management service tell
appliance         the state: its fields and their meaning
paths             where things are on an appliance
leftovers         what of ours nobody needs any more
derived           what follows from it though no cmdlet says so

CloudConnector.ini:
ini               what is wrong with one, or with those of a fleet; and the door to the next four
ini_document      the text: what is not changed keeps every character
ini_template      a new one from values
ini_carry         the values of an old one in the template of a new release
ini_changes       what a new one would change of the one in force

Judging:
site              the appliances of a site, what was read of each, and what its owner declared
health            checks: is an appliance at a version and well, may its upgrade begin
capacity          who carries the calls of a site, may one more appliance leave service
site_file         where our files of the site directory are, and how their parts and times are written
slot              the site's one out-of-service slot
suspended         what is written down while automatic update of a site is suspended
hold              why no appliance of the site goes forward
lease             which run works on the site
proof             what proves that an appliance carries calls, and for how long
probe             the call over SIP that one may prove it with
commissioning     what is tried once on a host, and what was found
maintenance       is an appliance in maintenance mode
credentials       which answer fits which question of the product
guests            host and VMs as Windows: their starts, what waits for a restart, the order of the VMs
windows_update    what the update agent is asked and answers, which updates are chosen, what its codes mean
staging           the MSI of a release that lies on an appliance before its upgrade
installer         what the exit codes of Windows Installer mean, and where it keeps what it installed
rollback          is there a way back, and which appliances of a site take it
snapshot          what an appliance was like before an upgrade, and what is different after it
soak              a time in which an upgraded site is watched
predict           what an operation would make of an appliance

Fleet and tenant:
inventory         what is wrong with the variables
windows           when a site may be worked on
waivers           who answers for a check that says stop, and until when
upgrade           the steps of the upgrade of one appliance, in their order
settings          what is declared for a run: order, pace, windows, waivers
planning          makes the plan: sites in their order, rows and times
site_plan         the turns of one site, and why nothing of it may begin
steps_left        how far one appliance is, or why nobody goes on there
plan              the plan as a document: entries, skips, refusals
intent            what a run is meant to do, its hash, and how another one differs from it
schedule          what goes side by side, when each may begin, and when the last one is done
turn              the turn of an appliance in a rolling play
queue             the plan as the playbooks go through it
patch             the appliances of a run that installs Windows updates, in their order
plan_page         the plan as a page for people
control           what a person says about a run while it runs
report            what happened in a run, as a page
status            where the fleet stands, in rows and sentences
progress          what is said while a job of hours runs
pace              how long upgrades took, and what to expect of the next ones
support           how long the releases that run are supported
auto_update       would the product's own update run within a day, and why not
tenant            the records that modules change
tenant_records    what they say of many appliances, read once
tenant_steps      the steps that read and change them
"""

from __future__ import annotations
