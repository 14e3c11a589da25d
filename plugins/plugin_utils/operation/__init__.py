# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The operations: what every module that talks to an appliance or the tenant is built on.

The kinds of module:
base               every operation: validate, read, say what is missing, guard, act
appliance          an operation on one appliance
appliance_reading  one that only reads it
record             one whose work is written down on the appliance
staging            one that asks for the MSI of a release beside
windows            one on the Windows of the host or a VM
tenant             one on records of the tenant

What they are made of:
options            the options of a task, checked, with their secrets
arguments          the specs that modules share, and the typed arguments made of them
site_option        where an appliance is, and the option `site`
changes            what is left to do
predictions        what check mode hands on
failures           what a failed answer means to a person
clock              the time
host               exchanges with one appliance
guest              the same with one of its VMs

What a module is handed:
gates              what has to hold before work begins
jobs               the job of an operation is started or found, and waited for
job                what such a job is on the appliance
long_work          what every wait for such work has
outlook            how long it may take
claims             an act that is no job, under a claim
tenant_access      the tenant's records, as one task knows them
tenant_session     steps in a session with the tenant
tenant_logon       logons, tried again while all sessions are taken
update_wait        the end of the product's own update is waited for
restarting         Windows is restarted, and waited for
drain              a drain is watched, and ended

The site:
site_reader        reads its appliances
site_guard         may one of them leave service, and until when does that hold
service            one leaves service and comes back, holding the slot meanwhile
lease              the lease of the site is taken and given back
lease_fence        what stands before each request while it is held
lease_look         what the site directory shows of it
alive              signs of life while a run waits on the controller
other_run          the run that has it, where that is another one
owner              which run this is, and whether another one has ended

A person:
control            what is said about the run is taken up between two steps
control_file       the file in which it is said
"""

from __future__ import annotations
