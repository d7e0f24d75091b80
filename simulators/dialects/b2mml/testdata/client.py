# A client that zeep makes of the WSDL of an endpoint. It takes the steps that are
# named, and prints what it understands of the answers: values that it has by their
# names and types, faults, and what is not as the WSDL says. Arguments: address of
# the WSDL, steps.
import logging
import sys
from datetime import datetime, timezone

from requests import Session
from zeep import Client
from zeep.exceptions import Error, Fault
from zeep.transports import Transport

logging.disable(logging.CRITICAL)
session = Session()
session.trust_env = False  # no proxy: the endpoint is on this machine
client = Client(sys.argv[1], transport=Transport(session=session, timeout=10, operation_timeout=10))
service = client.service
NINE = datetime(2026, 3, 3, 9, tzinfo=timezone.utc)


def area(task, reference):
    return dict(Sender=dict(LogicalID='lid://zeep', TaskID=task, ReferenceID=reference, ConfirmationCode='Always'), CreationDateTime=NINE, BODID=reference)


def quantity(amount):
    return [dict(QuantityString=amount, UnitOfMeasure='EA')]


def post(kind, order, counter, material, release='V0701'):
    reference = f'{kind}/{order}/0010/{counter}'
    row = dict(ID=reference, PostingDate=NINE, OperationsRequestID=[order], OperationsSegmentID=['0010'],
               SegmentData=[dict(ID='Counter', Value=[dict(ValueString=str(counter))])], MaterialActual=[material])
    return service.SyncOperationsPerformance(releaseID=release, ApplicationArea=area(kind, reference), DataArea=dict(
        Sync={}, OperationsPerformance=[dict(ID=reference, OperationsResponse=[dict(ID=reference, SegmentResponse=[row])])]))


def confirm(order='4711', counter=1, release='V0701'):
    said(post('confirmation', order, counter, dict(ID='yield', MaterialUse=dict(_value_1='Yield Produced'), Quantity=quantity('10')), release))


def consume():
    said(post('consumption', '4711', 1, dict(ID='1', MaterialDefinitionID=['PUMP'], MaterialLotID=['P-1'], MaterialUse=dict(_value_1='Consumed'), Quantity=quantity('2.5'))))


def ask(verb_noun, noun, pattern):
    return service[verb_noun](releaseID='V0701', ApplicationArea=area(None, 'question'), DataArea={'Get': {}, noun: [pattern]})


def order(number='4711'):
    shown = ask('GetOperationsSchedule', 'OperationsSchedule', dict(ID='any', OperationsRequest=[dict(ID=number)]))
    for request in shown.DataArea.OperationsSchedule[0].OperationsRequest:
        whole = request.SegmentRequirement[0]
        product = whole.MaterialRequirement[0]
        print('order', request.ID, request.RequestState, product.MaterialDefinitionID[0], product.Quantity[0].QuantityString,
              [step.OperationsSegmentID for step in whole.SegmentRequirementChild])


def lot():
    shown = ask('GetMaterialLot', 'MaterialLot', dict(ID='P-1'))
    for found in shown.DataArea.MaterialLot:
        print('lot', found.ID, found.Status, found.Disposition, found.Quantity[0].QuantityString)


def stock():
    shown = ask('GetMaterialInformation', 'MaterialInformation', dict(MaterialDefinition=[dict(ID='PUMP')]))
    for found in shown.DataArea.MaterialInformation:
        print('stock', found.ID, {p.ID: p.Value[0].ValueString for p in found.MaterialDefinition[0].MaterialDefinitionProperty})


def postings():
    pattern = dict(ID='any', OperationsResponse=[dict(ID='any', SegmentResponse=[dict(ID='consumption/4711/0010/1')])])
    shown = ask('GetOperationsPerformance', 'OperationsPerformance', pattern)
    for row in shown.DataArea.OperationsPerformance[0].OperationsResponse[0].SegmentResponse:
        print('posting', {d.ID: d.Value[0].ValueString for d in row.SegmentData}, row.PostingDate.year)


def running():
    shown = ask('GetOperationsPerformance', 'OperationsPerformance', dict(ID='OP-1'))
    criteria(shown.DataArea.Show)
    print('state', shown.DataArea.OperationsPerformance[0].PerformanceState)


def profile():
    shown = ask('GetTransactionProfile', 'TransactionProfile', dict(ID='any', releaseID='V0701'))
    actions = shown.DataArea.TransactionProfile[0].SupportedAction
    same = sorted(a.ID for a in actions) == sorted(service._binding.all())
    print('profile', 'as the WSDL' if same else 'not as the WSDL', [a.TransactionVerb for a in actions if a.ID == 'SyncOperationsPerformance'])


def process():
    release = dict(ID='S-1', OperationsRequest=[dict(ID='4712', Version='1', SegmentRequirement=[dict(ID='4712', MaterialRequirement=[
        dict(ID='1', MaterialDefinitionID=['PUMP'], MaterialUse=dict(_value_1='Produced'), Quantity=quantity('5'))])])])
    done = service.ProcessOperationsSchedule(releaseID='V0701', ApplicationArea=area('order-released', 'S-1'),
                                             DataArea=dict(Process=dict(acknowledgeCode='Always'), OperationsSchedule=[release]))
    criteria(done.DataArea.Acknowledge)
    print('of order', done.DataArea.OperationsSchedule[0].OperationsRequest[0].ID)


def criteria(verb):
    for c in verb.ResponseCriteria:
        status = c.ChangeStatus
        print(c.ResponseExpression.actionCode, c.ResponseExpression._value_1, status.Code, status.ReasonCode or '', *(f'{r.name}={r._value_1}' for r in status.Reason))


def said(bod):
    if bod is None:
        print('nothing')
        return
    if not isinstance(bod.ApplicationArea.CreationDateTime, datetime):
        raise TypeError('CreationDateTime is no instant')
    criteria(bod.DataArea.Confirm)
    original = bod.DataArea.BOD[0].OriginalApplicationArea
    print('of', original.BODID, original.CreationDateTime == NINE)


STEPS = dict(order=order, nowhere=lambda: order('9999'), lot=lot, confirm=confirm, consume=consume, stock=stock, postings=postings, running=running, profile=profile, process=process,
             other=lambda: confirm('9999'), nobody=lambda: ask('GetOperationsPerformance', 'OperationsPerformance', dict(ID='no-such')), release=lambda: confirm(counter=2, release='V0600'))
print('binding', type(service._binding).__name__)
for step in sys.argv[2:]:
    print('--', step)
    try:
        STEPS[step]()
    except Fault as f:
        print('fault', f.code.rpartition(':')[2])
        criteria(client.wsdl.types.deserialize(f.detail[0]).DataArea.Confirm)
    except (Error, AttributeError, TypeError) as e:
        print('not as the WSDL says:', type(e).__name__, e)
